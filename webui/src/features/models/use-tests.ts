import { useEffect, useRef, useState } from 'react';
import { useConfigChanged } from '@/entities/config';
import { runTest, type Told } from './run-test';

export interface Run {
  told: Told[];
  busy: boolean;
  error: string;
}

type Request = Parameters<typeof runTest>[1];

/** Tests by their names, one at a time; leaving the page ends the one that runs. */
export function useTests(target: Parameters<typeof runTest>[0]) {
  const changed = useConfigChanged();
  const [runs, setRuns] = useState<Record<string, Run>>({});
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  const run = async (name: string, request: Request) => {
    abort.current?.abort();
    const controller = new AbortController();
    abort.current = controller;
    const set = (next: (old: Run) => Run) =>
      setRuns((old) => ({ ...old, [name]: next(old[name] ?? { told: [], busy: true, error: '' }) }));
    set(() => ({ told: [], busy: true, error: '' }));
    let error = '';
    try {
      await runTest(target, request, controller.signal, (told) =>
        set((old) => ({ ...old, told: [...old.told, told] })),
      );
    } catch (failure) {
      if (!controller.signal.aborted) error = failure instanceof Error ? failure.message : String(failure);
    }
    set((old) => ({ ...old, busy: false, error }));
    // A good one ends a rest.
    if (!controller.signal.aborted) await changed();
    return !controller.signal.aborted;
  };
  const stop = () => abort.current?.abort();
  return { runs, run, stop, busy: Object.values(runs).some((it) => it.busy) };
}

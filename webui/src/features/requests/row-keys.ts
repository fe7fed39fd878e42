import { useEffect, useRef } from 'react';
import { isShortcut } from '@/lib/typing';

interface RowKeys {
  ids: string[];
  open: string | undefined;
  show: (id: string | undefined) => void;
  page: (id: string) => void;
  refresh: () => void;
}

/** `j` and `k` go through the rows, `o` opens the whole page, `r` asks again, Escape closes the panel. */
export function useRowKeys(keys: RowKeys) {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !isShortcut(event)) return;
      if (document.querySelector('dialog[open]')) return;
      const { ids, open, show, page, refresh } = current.current;
      const at = open ? ids.indexOf(open) : -1;
      const go = (to: number) => {
        const id = ids[Math.max(0, Math.min(to, ids.length - 1))];
        if (id === undefined) return;
        show(id);
        document.querySelector(`[data-row="${CSS.escape(id)}"]`)?.scrollIntoView({ block: 'nearest' });
      };
      if (event.key === 'j') go(at + 1);
      else if (event.key === 'k') go(at - 1);
      else if (event.key === 'o' && open) page(open);
      else if (event.key === 'r') refresh();
      else if (event.key === 'Escape' && open) show(undefined);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}

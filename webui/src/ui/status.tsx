import clsx from 'clsx';
import type { ReactNode } from 'react';

export type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'off' | 'vio';

const tones: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  info: 'text-info',
  off: 'text-t3',
  vio: 'text-vio',
};
const tints: Record<Tone, string> = {
  ok: 'bg-ok-tint text-ok',
  warn: 'bg-warn-tint text-warn',
  bad: 'bg-bad-tint text-bad',
  info: 'bg-info-tint text-info',
  off: 'bg-s2 text-t2',
  vio: 'bg-vio-tint text-vio',
};
/** A shape of its own for each, so that colour alone says nothing. */
const shapes: Record<Tone, string> = { ok: '●', warn: '▲', bad: '✕', info: '◌', off: '○', vio: '◆' };

export function Status({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={clsx('inline-flex items-baseline gap-1.5 whitespace-nowrap', tones[tone])} title={title}>
      <span aria-hidden className="text-caption">
        {shapes[tone]}
      </span>
      {children}
    </span>
  );
}

export function Badge({ tone = 'off', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return (
    <span
      title={title}
      className={clsx(
        'inline-flex max-w-full items-center gap-1 rounded-control px-1.5 text-meta whitespace-nowrap',
        tints[tone],
      )}
    >
      <span className="truncate">{children}</span>
    </span>
  );
}

/** Says something that is true of the whole page or card. */
export function Notice({ tone = 'info', children, action }: { tone?: Tone; children: ReactNode; action?: ReactNode }) {
  return (
    <div className={clsx('flex flex-wrap items-center gap-x-3 gap-y-1 rounded-card px-3 py-2', tints[tone])}>
      <div className="min-w-0 flex-1">{children}</div>
      {action}
    </div>
  );
}

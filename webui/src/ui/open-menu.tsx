import * as Radix from '@radix-ui/react-dropdown-menu';
import { type ReactNode, useRef } from 'react';
import type { MenuItem } from './menu';

/** A menu that is opened as it comes. */
export default function OpenMenu({ trigger, items }: { trigger: ReactNode; items: MenuItem[] }) {
  // What opens a dialog does so when the focus is back where the dialog shall return it to.
  const chosen = useRef<(() => void) | null>(null);
  return (
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={() => {
            if (chosen.current) queueMicrotask(chosen.current);
            chosen.current = null;
          }}
          className="z-50 min-w-44 rounded-card border border-line bg-bg p-1 text-t1 shadow-overlay"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              onSelect={() => {
                chosen.current = item.onSelect;
              }}
              className={`tap flex min-h-8 cursor-pointer items-center gap-2 rounded-control px-2 outline-none data-highlighted:bg-s2 ${item.danger ? 'text-bad' : ''}`}
            >
              {item.icon}
              {item.label}
            </Radix.Item>
          ))}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

import * as Radix from '@radix-ui/react-dropdown-menu';
import type { ReactNode } from 'react';
import type { MenuItem } from './menu';

/** A menu that is opened as it comes. */
export default function OpenMenu({ trigger, items }: { trigger: ReactNode; items: MenuItem[] }) {
  return (
    <Radix.Root modal={false} defaultOpen>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align="end"
          sideOffset={4}
          collisionPadding={8}
          className="z-50 min-w-44 rounded-card border border-line bg-bg p-1 text-t1 shadow-overlay"
        >
          {items.map((item) => (
            <Radix.Item
              key={item.label}
              onSelect={item.onSelect}
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

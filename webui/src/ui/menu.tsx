import { ChevronDown, MoreHorizontal } from 'lucide-react';
import { type ButtonHTMLAttributes, lazy, type ReactElement, type ReactNode, Suspense, useState } from 'react';
import { Button, IconButton } from './button';

const load = () => import('./open-menu');
const OpenMenu = lazy(load);

const DOTS = <MoreHorizontal size={16} />;

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  danger?: boolean;
}

type Trigger = ButtonHTMLAttributes<HTMLButtonElement>;

/** A button that opens a menu. The menu itself is loaded when one is about to be opened. */
function MenuButton({ items, button }: { items: MenuItem[]; button: (props: Trigger) => ReactElement }) {
  const [asked, setAsked] = useState(false);
  const closed = button({
    'aria-haspopup': 'menu',
    onPointerEnter: load,
    onFocus: load,
    onClick: () => setAsked(true),
  });
  if (!asked) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu trigger={button({})} items={items} />
    </Suspense>
  );
}

/** What can be done with a row, which `label` names. */
export function RowMenu({ label, items, icon = DOTS }: { label: string; items: MenuItem[]; icon?: ReactNode }) {
  return <MenuButton items={items} button={(props) => <IconButton label={label} icon={icon} {...props} />} />;
}

/** A menu whose button has words. */
export function WordMenu({ items, children }: { items: MenuItem[]; children: ReactNode }) {
  return (
    <MenuButton
      items={items}
      button={(props) => (
        <Button variant="ghost" {...props}>
          {children}
          <ChevronDown size={14} />
        </Button>
      )}
    />
  );
}

import { MoreHorizontal } from 'lucide-react';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { IconButton } from './button';

const load = () => import('./open-menu');
const OpenMenu = lazy(load);

const DOTS = <MoreHorizontal size={16} />;

export interface MenuItem {
  label: string;
  icon?: ReactNode;
  onSelect: () => void;
  danger?: boolean;
}

/** What can be done with a row, which `label` names. The menu itself is loaded when one is about to be opened. */
export function RowMenu({ label, items, icon = DOTS }: { label: string; items: MenuItem[]; icon?: ReactNode }) {
  const [asked, setAsked] = useState(false);
  const button = (
    <IconButton
      label={label}
      icon={icon}
      aria-haspopup="menu"
      onPointerEnter={load}
      onFocus={load}
      onClick={() => setAsked(true)}
    />
  );
  if (!asked) return button;
  return (
    <Suspense fallback={button}>
      <OpenMenu trigger={<IconButton label={label} icon={icon} />} items={items} />
    </Suspense>
  );
}

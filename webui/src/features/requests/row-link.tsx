import { useRouter } from '@tanstack/react-router';
import type { MouseEvent, ReactNode } from 'react';

interface RowLinkProps {
  /** A place of the console, as an address has it. */
  href: string;
  title?: string;
  className: string;
  onPointerEnter?: () => void;
  children: ReactNode;
}

/**
 * A link in a list of very many rows. The router's own watches the address and works out where it leads whenever that
 * changes; some hundred of them took longer than all else on the page.
 */
export function RowLink({ href, ...shown }: RowLinkProps) {
  const router = useRouter();
  const follow = (event: MouseEvent) => {
    // Another button or a key with it is for the browser: a new tab, a copy.
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void router.navigate({ href });
  };
  return <a href={href} onClick={follow} {...shown} />;
}

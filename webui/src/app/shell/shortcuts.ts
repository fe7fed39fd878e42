import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { isShortcut } from '@/lib/typing';

/** Where `g` and a letter goes. */
export const PAGES: Record<
  string,
  '/' | '/logs' | '/providers' | '/models' | '/keys' | '/start' | '/playground' | '/settings'
> = {
  d: '/',
  l: '/logs',
  p: '/providers',
  m: '/models',
  k: '/keys',
  q: '/start',
  y: '/playground',
  ',': '/settings',
};

/** `g` and a letter goes to a page, `/` to the search of the page, ⌘K or Ctrl K opens the palette, `?` the list of all keys. */
export function useShortcuts(openPalette: () => void, paletteIsOpen: boolean, openKeys: () => void) {
  const router = useRouter();
  const palette = useRef({ open: openPalette, isOpen: paletteIsOpen, openKeys });
  palette.current = { open: openPalette, isOpen: paletteIsOpen, openKeys };
  useEffect(() => {
    let went = 0;
    const press = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        palette.current.open();
        return;
      }
      if (!isShortcut(event)) return;
      if (document.querySelector('dialog[open]')) return;
      // What is typed while the palette is still being loaded is meant for it.
      if (palette.current.isOpen) {
        event.preventDefault();
        return;
      }
      if (event.key === '?') {
        event.preventDefault();
        palette.current.openKeys();
      } else if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-shortcut="/"]');
        if (search) event.preventDefault();
        search?.focus();
      } else if (event.key === 'g') {
        went = Date.now();
      } else {
        const to = PAGES[event.key];
        if (to && Date.now() - went < 1500) {
          event.preventDefault();
          router.navigate({ to });
        }
        went = 0;
      }
    };
    // Before the page's own keys, which leave alone what was meant for here.
    addEventListener('keydown', press, { capture: true });
    return () => removeEventListener('keydown', press, { capture: true });
  }, [router]);
}

/** Light, dark, or as the system has it. */
export type Theme = 'light' | 'dark' | 'system';
const KEY = 'llmio.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function setTheme(choice: Theme) {
  localStorage.setItem(KEY, choice);
  show();
}

function show() {
  const choice = theme();
  document.documentElement.dataset.theme =
    choice === 'dark' || (choice === 'system' && dark.matches) ? 'dark' : 'light';
}

dark.addEventListener('change', show);

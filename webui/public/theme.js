// Before the first paint, so that a dark page never flashes white. src/lib/theme.ts writes the choice.
(() => {
  let choice = 'system';
  try {
    choice = localStorage.getItem('llmio.theme') || choice;
  } catch {}
  const dark = choice === 'dark' || (choice !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
})();

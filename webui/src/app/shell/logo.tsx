/** Four paths that meet: the four dialects. */
export function Logo({ size = 20 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden className="shrink-0 text-acc" fill="currentColor">
      <path d="M15 2.5v11L9.500 8z M17 2.500v11L22.500 8z M15 29.500v-11L9.500 24z M17 29.500v-11l5.500 5.500z M2.500 15h11L8 9.500z M2.500 17h11L8 22.500z M29.500 15h-11L24 9.500z M29.500 17h-11l5.500 5.500z" />
    </svg>
  );
}

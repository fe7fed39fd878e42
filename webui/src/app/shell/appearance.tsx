import { useLingui } from '@lingui/react/macro';
import { Languages, Monitor, Moon, Sun } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { chooseLocale, LOCALES, type Locale } from '@/lib/i18n';
import { setTheme, type Theme, theme } from '@/lib/theme';

/** Language and theme. */
export function Appearance() {
  const { t, i18n } = useLingui();
  const [choice, setChoice] = useState(theme);
  const themes: Record<Theme, [string, ReactNode]> = {
    light: [t`Light`, <Sun key="i" size={16} />],
    dark: [t`Dark`, <Moon key="i" size={16} />],
    system: [t`As the system`, <Monitor key="i" size={16} />],
  };
  return (
    <div className="flex flex-wrap justify-center gap-1">
      <IconSelect
        label={t`Language`}
        icon={<Languages size={16} />}
        value={i18n.locale}
        options={Object.entries(LOCALES)}
        onChange={(locale) => void chooseLocale(locale as Locale)}
      />
      <IconSelect
        label={t`Theme`}
        icon={themes[choice][1]}
        value={choice}
        options={Object.entries(themes).map(([name, [word]]) => [name, word])}
        onChange={(next) => {
          setTheme(next as Theme);
          setChoice(next as Theme);
        }}
      />
    </div>
  );
}

interface IconSelectProps {
  label: string;
  icon: ReactNode;
  value: string;
  options: [string, string][];
  onChange: (value: string) => void;
}

/** The browser's own list, behind an icon. */
function IconSelect({ label, icon, value, options, onChange }: IconSelectProps) {
  return (
    <span className="tap relative inline-flex size-8 items-center justify-center rounded-control text-t2 has-focus-visible:outline-2 has-focus-visible:outline-acc hover:bg-s2 hover:text-t1">
      {icon}
      <select
        aria-label={label}
        title={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="absolute inset-0 h-full w-full cursor-pointer opacity-0"
      >
        {options.map(([name, word]) => (
          <option key={name} value={name}>
            {word}
          </option>
        ))}
      </select>
    </span>
  );
}

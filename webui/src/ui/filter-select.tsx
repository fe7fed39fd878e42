import { Select } from './field';

/** One of a list's filters: all, or what has one of these values. */
export function FilterSelect({
  label,
  all,
  options,
  value,
  onChange,
}: {
  label: string;
  all: string;
  /** Values with their names. */
  options: readonly (readonly [string, string])[];
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <Select className="w-auto!" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">{all}</option>
      {options.map(([it, name]) => (
        <option key={it} value={it}>
          {name}
        </option>
      ))}
    </Select>
  );
}

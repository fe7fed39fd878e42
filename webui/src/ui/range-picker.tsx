import { useLingui } from '@lingui/react/macro';
import { ChevronLeft, ChevronRight, ZoomOut } from 'lucide-react';
import { useState } from 'react';
import { dateTime } from '@/lib/format';
import { PRESETS, type Preset, type RangeSearch, shifted, type TimeRange } from '@/lib/time-range';
import { momentOf, wallTime, zoneName } from '@/lib/zone';
import { zoomedFrom } from '@/lib/zoom';
import { Button, IconButton } from './button';
import { Dialog } from './dialog';
import { Field, Input, Select } from './field';

interface RangePickerProps {
  range: TimeRange;
  presets?: readonly Preset[];
  onChange: (range: RangeSearch) => void;
}

/** Which time a page is about: one of the usual lengths up to now, or from one moment to another. */
export function RangePicker({ range, presets = PRESETS, onChange }: RangePickerProps) {
  const { t } = useLingui();
  const [custom, setCustom] = useState(false);
  const names: Record<Preset, string> = {
    '15m': t`Last 15 minutes`,
    '1h': t`Last hour`,
    '6h': t`Last 6 hours`,
    '24h': t`Last 24 hours`,
    '7d': t`Last 7 days`,
    '30d': t`Last 30 days`,
    '90d': t`Last 90 days`,
    '400d': t`All`,
  };
  const between = (from: string, to: string) => `${dateTime(from)} – ${dateTime(to)}`;
  const ends = between(range.from.toISOString(), range.to.toISOString());
  const before = zoomedFrom(range);
  const nameBefore = before && (before.range ? names[before.range] : between(before.from ?? '', before.to ?? ''));
  return (
    <div className="inline-flex items-center gap-1 max-sm:w-full">
      {before && (
        <IconButton label={t`Zoom out: ${nameBefore}`} icon={<ZoomOut size={16} />} onClick={() => onChange(before)} />
      )}
      <IconButton label={t`Earlier`} icon={<ChevronLeft size={16} />} onClick={() => onChange(shifted(range, -1))} />
      <Select
        aria-label={t`Time`}
        title={ends}
        className="w-auto! min-w-0 max-w-72 max-sm:max-w-none max-sm:flex-1"
        value={range.preset ?? 'custom'}
        onChange={(event) => {
          if (event.target.value === 'custom') setCustom(true);
          else onChange({ range: event.target.value as Preset });
        }}
      >
        {presets.map((preset) => (
          <option key={preset} value={preset}>
            {names[preset]}
          </option>
        ))}
        {range.preset && !presets.includes(range.preset) && <option value={range.preset}>{names[range.preset]}</option>}
        <option value="custom">{range.preset ? t`From … to …` : ends}</option>
      </Select>
      <IconButton
        label={t`Later`}
        icon={<ChevronRight size={16} />}
        disabled={range.to.getTime() > Date.now()}
        onClick={() => onChange(shifted(range, 1))}
      />
      {!range.preset && <Button variant="ghost" onClick={() => setCustom(true)}>{t`Change`}</Button>}
      {custom && <CustomRange range={range} onChange={onChange} onClose={() => setCustom(false)} />}
    </div>
  );
}

/** A moment as the browser's field for date and time has it. */
const local = (date: Date): string => wallTime(date).slice(0, 16);

function CustomRange({
  range,
  onChange,
  onClose,
}: {
  range: TimeRange;
  onChange: (range: RangeSearch) => void;
  onClose: () => void;
}) {
  const { t } = useLingui();
  const [from, setFrom] = useState(local(range.from));
  const [to, setTo] = useState(local(range.to));
  const good = momentOf(from) < momentOf(to);
  return (
    <Dialog
      title={t`From … to …`}
      onClose={onClose}
      footer={
        <Button
          variant="primary"
          disabled={!good}
          onClick={() => {
            onChange({ from: momentOf(from).toISOString(), to: momentOf(to).toISOString() });
            onClose();
          }}
        >{t`Show`}</Button>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label={t`From`}>
          {(props) => (
            <Input {...props} type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} />
          )}
        </Field>
        <Field label={t`To`} error={good ? undefined : t`The end must be after the beginning.`}>
          {(props) => (
            <Input {...props} type="datetime-local" value={to} onChange={(event) => setTo(event.target.value)} />
          )}
        </Field>
      </div>
      <p className="mt-4 text-meta text-t2">{t`Times are of ${zoneName()}; another zone is chosen in the settings.`}</p>
    </Dialog>
  );
}

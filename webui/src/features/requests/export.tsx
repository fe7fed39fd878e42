import { useLingui } from '@lingui/react/macro';
import { useMutation } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { toast } from 'sonner';
import { askAdmin } from '@/api/client';
import type { LogSearch } from '@/entities/log-search';
import { logFilters } from '@/entities/logs';
import { download } from '@/lib/download';
import { IconButton } from '@/ui/button';
import { RowMenu } from '@/ui/menu';

const FORMS = {
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
} as const;

/** All that fits the filters, as a file. */
export function Export({ search }: { search: LogSearch }) {
  const { t } = useLingui();
  const file = useMutation({
    mutationFn: async (form: keyof typeof FORMS) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(logFilters(search))) {
        for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one));
      }
      const response = await askAdmin(`/api/logs?${query}`, { headers: { accept: FORMS[form] } });
      download(await response.text(), `requests.${form}`, FORMS[form]);
      return response.headers.get('x-llmio-truncated') === 'true';
    },
    onSuccess: (cut) => {
      if (cut) toast.warning(t`The file has the newest 100,000 rows; there are more.`);
    },
    onError: (error) => toast.error(error.message),
  });
  if (file.isPending) return <IconButton label={t`Exporting…`} icon={<Download size={16} />} disabled />;
  return (
    <RowMenu
      label={t`Export`}
      icon={<Download size={16} />}
      items={[
        { label: t`As a table (CSV)`, onSelect: () => file.mutate('csv') },
        { label: t`As lines of JSON`, onSelect: () => file.mutate('ndjson') },
      ]}
    />
  );
}

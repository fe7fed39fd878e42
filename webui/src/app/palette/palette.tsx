import { useLingui } from '@lingui/react/macro';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { Boxes, Copy, Keyboard, KeyRound, Moon, Plus, Server, Sun } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { gatewayOrigin } from '@/api/session';
import { queries } from '@/entities/config';
import { setTheme } from '@/lib/theme';
import { Dialog } from '@/ui/dialog';
import { Status } from '@/ui/status';
import { navigation } from '../shell/navigation';

/** Pages, what is configured, and actions, by name; a pasted id, trace or session opens its requests. */
export default function Palette({ onClose, onKeys }: { onClose: () => void; onKeys: () => void }) {
  const { t } = useLingui();
  const router = useRouter();
  const [text, setText] = useState('');
  const providers = useQuery(queries.providers).data ?? [];
  const models = useQuery(queries.models).data ?? [];
  const keys = useQuery(queries.keys).data ?? [];
  // By options and not by an address, in which a name of digits would be a number.
  const go: typeof router.navigate = (options) => {
    onClose();
    return router.navigate(options);
  };
  const typed = text.trim();
  const identifies = /^(?=.*\d)[\w-]{12,}$/.test(typed) && !typed.startsWith('sk-');
  return (
    <Dialog title={t`Search and commands`} onClose={onClose}>
      <Command label={t`Search and commands`} loop className="flex flex-col gap-3">
        <Command.Input
          value={text}
          onValueChange={setText}
          placeholder={t`A page, a name, an action, an id…`}
          className="control"
          autoFocus
        />
        <Command.List className="max-h-[50dvh] overflow-y-auto">
          <Command.Empty className="py-6 text-center text-t2">{t`Nothing has that name.`}</Command.Empty>
          <Section heading={t`Pages`}>
            {navigation().flatMap((group) =>
              group.items.map((item) => (
                <Item key={item.to} icon={item.icon} onSelect={() => go({ to: item.to })}>
                  {item.label}
                </Item>
              )),
            )}
          </Section>
          <Section heading={t`Actions`}>
            <Item
              icon={<Plus size={16} />}
              onSelect={() => go({ to: '/providers', search: { add: true } })}
            >{t`Add a provider`}</Item>
            <Item
              icon={<Plus size={16} />}
              onSelect={() => go({ to: '/models', search: { add: true } })}
            >{t`Add a model`}</Item>
            <Item
              icon={<Plus size={16} />}
              onSelect={() => go({ to: '/keys', search: { add: true } })}
            >{t`Create a key`}</Item>
            <Item icon={<Sun size={16} />} onSelect={() => setTheme('light')}>{t`Light theme`}</Item>
            <Item icon={<Moon size={16} />} onSelect={() => setTheme('dark')}>{t`Dark theme`}</Item>
            <Item
              icon={<Copy size={16} />}
              onSelect={() => {
                void navigator.clipboard?.writeText(`${gatewayOrigin()}/v1`);
                onClose();
              }}
            >{t`Copy the base URL`}</Item>
            <Item
              icon={<Keyboard size={16} />}
              onSelect={() => {
                onClose();
                onKeys();
              }}
            >{t`Keyboard shortcuts`}</Item>
          </Section>
          <Section heading={t`Models`}>
            {models.map((model) => (
              <Item
                key={model.id}
                value={`model ${model.name}`}
                off={!model.enabled}
                icon={<Boxes size={16} />}
                onSelect={() => go({ to: '/models/$id', params: { id: model.id } })}
              >
                {model.name}
              </Item>
            ))}
          </Section>
          <Section heading={t`Providers`}>
            {providers.map((provider) => (
              <Item
                key={provider.id}
                value={`provider ${provider.name}`}
                off={!provider.enabled}
                icon={<Server size={16} />}
                onSelect={() => go({ to: '/providers/$id', params: { id: provider.id } })}
              >
                {provider.name}
              </Item>
            ))}
          </Section>
          <Section heading={t`Keys`}>
            {keys.map((key) => (
              <Item
                key={key.id}
                value={`key ${key.name}`}
                off={!key.enabled}
                icon={<KeyRound size={16} />}
                onSelect={() => go({ to: '/keys', search: { q: key.name } })}
              >
                {key.name}
              </Item>
            ))}
          </Section>
          {identifies && (
            <Section heading={t`Requests`}>
              <Item
                onSelect={() => go({ to: '/logs', search: { trace: typed, range: '90d' } })}
              >{t`Requests of trace ${typed}`}</Item>
              <Item
                onSelect={() => go({ to: '/logs', search: { session: typed, range: '90d' } })}
              >{t`Requests of session ${typed}`}</Item>
              <Item onSelect={() => go({ to: '/logs/$id', params: { id: typed } })}>{t`Request ${typed}`}</Item>
            </Section>
          )}
        </Command.List>
      </Command>
    </Dialog>
  );
}

function Section({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:text-caption [&_[cmdk-group-heading]]:text-t3"
    >
      {children}
    </Command.Group>
  );
}

function Item({
  icon,
  value,
  off,
  onSelect,
  children,
}: {
  icon?: ReactNode;
  value?: string;
  off?: boolean;
  onSelect: () => void;
  children: ReactNode;
}) {
  const { t } = useLingui();
  return (
    <Command.Item
      {...(value ? { value } : {})}
      onSelect={onSelect}
      className="tap flex min-h-8 cursor-pointer items-center gap-2 rounded-control px-2 data-[selected=true]:bg-s2"
    >
      {icon}
      <span className="min-w-0 truncate">{children}</span>
      {off && (
        <span className="ms-auto shrink-0 text-meta">
          <Status tone="off">{t`off`}</Status>
        </span>
      )}
    </Command.Item>
  );
}

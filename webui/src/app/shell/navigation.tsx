import { t } from '@lingui/core/macro';
import { Activity, Boxes, FlaskConical, KeyRound, LayoutDashboard, Rocket, Server, Settings } from 'lucide-react';

/** The pages, in the order of the navigation. */
export function navigation() {
  const { observe, connect, configure } = items();
  return [
    { name: t`Observe`, items: observe },
    { name: t`Connect`, items: connect },
    { name: t`Configure`, items: configure },
  ];
}

/** Those that a phone's bar shows. */
export function phoneFirst() {
  const { observe, configure } = items();
  return [...observe, ...configure].filter(({ to }) => ['/', '/logs', '/models', '/keys'].includes(to));
}

function items() {
  return {
    observe: [
      { to: '/', label: t`Dashboard`, icon: <LayoutDashboard size={16} /> },
      { to: '/logs', label: t`Requests`, icon: <Activity size={16} /> },
    ],
    connect: [
      { to: '/start', label: t`Quick start`, icon: <Rocket size={16} /> },
      { to: '/playground', label: t`Playground`, icon: <FlaskConical size={16} /> },
    ],
    configure: [
      { to: '/providers', label: t`Providers`, icon: <Server size={16} /> },
      { to: '/models', label: t`Models`, icon: <Boxes size={16} /> },
      { to: '/keys', label: t`Keys`, icon: <KeyRound size={16} /> },
      { to: '/settings', label: t`Settings`, icon: <Settings size={16} /> },
    ],
  } as const;
}

import { type AsyncRouteComponent, lazyRouteComponent } from '@tanstack/react-router';
import type { ComponentType, ReactNode } from 'react';
import { Skeleton } from '@/ui/states';

export function Pending(): ReactNode {
  return (
    <div className="p-6">
      <Skeleton />
    </div>
  );
}

/** A page in a chunk of its own: the module's default. Its type is left out here, since pages know the router's type. */
export function lazily(load: () => Promise<unknown>): AsyncRouteComponent<object> {
  return lazyRouteComponent(load as () => Promise<{ default: ComponentType }>);
}

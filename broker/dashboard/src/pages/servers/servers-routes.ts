import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';

const ServersSearch = z.object({
  q: z.string().optional().catch(undefined),
  secret: z.string().optional().catch(undefined),
});

export const serversRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/servers',
  validateSearch: ServersSearch,
  component: lazyRouteComponent(() => import('./servers-page.tsx'), 'ServersPage'),
});

export const serverRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/servers/$name',
  component: lazyRouteComponent(() => import('./server-page.tsx'), 'ServerPage'),
});

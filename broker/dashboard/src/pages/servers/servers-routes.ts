import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';

const ServersSearch = z.object({
  q: z.string().optional().catch(undefined),
  secret: z.string().optional().catch(undefined),
  add: z.enum(['catalogue', 'form', 'paste']).optional().catch(undefined),
});

export const serversRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/servers',
  validateSearch: ServersSearch,
  component: lazyPage(() => import('./servers-page.tsx'), 'ServersPage'),
});

const ServerSearch = z.object({ tab: z.enum(['health', 'tools', 'secrets', 'record']).optional().catch(undefined) });

export const serverRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/servers/$name',
  validateSearch: ServerSearch,
  component: lazyPage(() => import('./server-page.tsx'), 'ServerPage'),
});

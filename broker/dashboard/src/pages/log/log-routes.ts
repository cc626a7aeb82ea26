import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';
import { LogSearch } from './log-search.ts';

export const logRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log',
  validateSearch: LogSearch,
  component: lazyRouteComponent(() => import('./log-page.tsx'), 'LogPage'),
});

export const proofRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/proof',
  component: lazyRouteComponent(() => import('./proof/proof-page.tsx'), 'ProofPage'),
});

export const secretUsesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/secret/$name',
  validateSearch: z.object({
    version: z.number().int().min(1).optional().catch(undefined),
    days: z.number().int().min(1).max(3650).optional().catch(undefined),
  }),
  component: lazyRouteComponent(() => import('./secret-uses-page.tsx'), 'SecretUsesPage'),
});

export const recordRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/$id',
  component: lazyRouteComponent(() => import('./story/record-page.tsx'), 'RecordPage'),
});

import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';
import { LogSearch } from './log-search.ts';

export const logRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log',
  validateSearch: LogSearch,
  component: lazyPage(() => import('./log-page.tsx'), 'LogPage'),
});

export const proofRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/proof',
  component: lazyPage(() => import('./proof/proof-page.tsx'), 'ProofPage'),
});

export const secretUsesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/secret/$name',
  validateSearch: z.object({
    version: z.number().int().min(1).optional().catch(undefined),
    days: z.number().int().min(1).max(3650).optional().catch(undefined),
  }),
  component: lazyPage(() => import('./secret-uses-page.tsx'), 'SecretUsesPage'),
});

export const recordRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/log/$id',
  component: lazyPage(() => import('./story/record-page.tsx'), 'RecordPage'),
});

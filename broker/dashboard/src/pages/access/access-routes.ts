import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';

const text = z.string().optional().catch(undefined);

const AccessSearch = z.object({
  tab: z.enum(['requests', 'rules', 'matrix', 'bundles', 'why']).optional().catch(undefined),
  /** Of rules: what their sentences hold. */
  q: text,
  /** Of the matrix: parts of names. */
  person: text,
  group: text,
  server: text,
  tool: text,
  /** Of the bundles: the one that is open; empty: a new one. */
  bundle: text,
  /** Of the question why: a person or a grant, and a tool. */
  who: text,
  what: text,
});
export type AccessSearch = z.output<typeof AccessSearch>;

export const accessRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access',
  validateSearch: AccessSearch,
  component: lazyRouteComponent(() => import('./access-page.tsx'), 'AccessPage'),
});

export const newRuleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/rules/new',
  component: lazyRouteComponent(() => import('./rules/rule-page.tsx'), 'NewRulePage'),
});

export const ruleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/rules/$id',
  component: lazyRouteComponent(() => import('./rules/rule-page.tsx'), 'RulePage'),
});

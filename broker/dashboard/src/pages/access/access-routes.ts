import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { shellRoute } from '../../shell/shell-route.tsx';
import { AccessSearchSchema } from './access-search.ts';

export const accessRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access',
  validateSearch: AccessSearchSchema,
  component: lazyPage(() => import('./access-page.tsx'), 'AccessPage'),
});

export const newRuleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/rules/new',
  component: lazyPage(() => import('./rules/rule-page.tsx'), 'NewRulePage'),
});

export const ruleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access/rules/$id',
  component: lazyPage(() => import('./rules/rule-page.tsx'), 'RulePage'),
});

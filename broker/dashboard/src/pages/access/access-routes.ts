import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { shellRoute } from '../../shell/shell-route.tsx';
import { AccessSearchSchema } from './access-search.ts';

export const accessRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/access',
  validateSearch: AccessSearchSchema,
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

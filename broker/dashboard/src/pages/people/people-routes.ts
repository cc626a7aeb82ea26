import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { PeopleSearchSchema } from './people-address.ts';
import { shellRoute } from '../../shell/shell-route.tsx';

export const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people',
  validateSearch: PeopleSearchSchema,
  component: lazyRouteComponent(() => import('./people-page.tsx'), 'PeoplePage'),
});

export const personRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people/$name',
  component: lazyRouteComponent(() => import('./person-page.tsx'), 'PersonPage'),
});

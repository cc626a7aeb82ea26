import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { PeopleSearchSchema } from './people-address.ts';
import { shellRoute } from '../../shell/shell-route.tsx';

export const peopleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people',
  validateSearch: PeopleSearchSchema,
  component: lazyPage(() => import('./people-page.tsx'), 'PeoplePage'),
});

export const personRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/people/$name',
  component: lazyPage(() => import('./person-page.tsx'), 'PersonPage'),
});

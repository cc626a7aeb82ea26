import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { shellRoute } from '../../shell/shell-route.tsx';

export const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/overview',
  component: lazyPage(() => import('./overview-page.tsx'), 'OverviewPage'),
});

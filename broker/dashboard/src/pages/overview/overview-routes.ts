import { createRoute } from '@tanstack/react-router';
import { ACTIVITY_HOURS } from 'mcpgate-shared/api/dashboard/activity';
import { z } from 'zod';
import { lazyPage } from '../../api/lazy-page.ts';
import { shellRoute } from '../../shell/shell-route.tsx';

export const overviewRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/overview',
  validateSearch: z.object({ hours: z.literal(ACTIVITY_HOURS).optional().catch(undefined) }),
  component: lazyPage(() => import('./overview-page.tsx'), 'OverviewPage'),
});

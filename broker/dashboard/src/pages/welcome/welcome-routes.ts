import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';
import { WELCOME_STEPS } from './welcome-steps.ts';

const WelcomeSearch = z.object({ step: z.enum(WELCOME_STEPS).optional().catch(undefined) });

export const welcomeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/welcome',
  validateSearch: WelcomeSearch,
  component: lazyRouteComponent(() => import('./welcome-page.tsx'), 'WelcomePage'),
});

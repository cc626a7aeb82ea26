import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';
import { WELCOME_STEPS } from './welcome-steps.ts';

const WelcomeSearch = z.object({ step: z.enum(WELCOME_STEPS).optional().catch(undefined) });

export const welcomeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/welcome',
  validateSearch: WelcomeSearch,
  component: lazyPage(() => import('./welcome-page.tsx'), 'WelcomePage'),
});

import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';

const SettingsSearch = z.object({
  /** What the list of the section is searched for. */
  q: z.string().optional().catch(undefined),
  /** Keys of the configuration: those that nobody has set, too. */
  all: z.boolean().optional().catch(undefined),
  /** The key of the configuration that is explained. */
  key: z.string().optional().catch(undefined),
});

export const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings',
  component: lazyPage(() => import('./settings-page.tsx'), 'SettingsStart'),
});

export const settingsSectionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/settings/$section',
  validateSearch: SettingsSearch,
  component: lazyPage(() => import('./settings-page.tsx'), 'SettingsPage'),
});

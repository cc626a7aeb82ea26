import { createRoute } from '@tanstack/react-router';
import { lazyPage } from '../../api/lazy-page.ts';
import { z } from 'zod';
import { shellRoute } from '../../shell/shell-route.tsx';
import { ME_TABS } from './me-tabs.ts';

const MeSearch = z.object({
  tab: z.enum(ME_TABS).optional().catch(undefined),
  /** What the list of tools is searched for. */
  q: z.string().optional().catch(undefined),
  /** The tool that is tried. */
  tool: z.string().optional().catch(undefined),
  /** How the calls ended that are shown. */
  status: z.enum(['ok', 'tool_error', 'denied', 'failed', 'timeout']).optional().catch(undefined),
});

export const meRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/me',
  validateSearch: MeSearch,
  component: lazyPage(() => import('./me-page.tsx'), 'MePage'),
});

// Starts the app in the page that the broker serves.
import { MantineProvider } from '@mantine/core';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { setNonce } from 'get-nonce';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { z } from 'zod';
import { sessionApi } from 'mcpgate-shared/api/session';
import { createHealth, createQueries, HealthProvider } from './api/health.tsx';
import { BROKER_AWAY } from './api/lazy-page.ts';
import { keyOf } from './api/use-api.ts';
import { createDashboardRouter } from './routes.tsx';
import './theme/global.css';
import { cssVariables, theme } from './theme/theme.ts';

// The page's policy forbids code that is made of text, which zod would try.
z.config({ jitless: true });

/** What styles that are made at run time must carry to be taken. */
const nonce = document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? '';
setNonce(nonce);

const root = document.querySelector('#root');
if (root === null) throw new Error('the page has no element #root');
const health = createHealth();
const queries = createQueries(health);
const router = createDashboardRouter();
// Whether it is so is asked, and the shell says it.
for (const sign of [BROKER_AWAY, 'offline'])
  window.addEventListener(sign, () => void queries.invalidateQueries({ queryKey: keyOf(sessionApi.show) }));
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <HealthProvider value={health}>
        <QueryClientProvider client={queries}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </HealthProvider>
    </MantineProvider>
  </StrictMode>,
);

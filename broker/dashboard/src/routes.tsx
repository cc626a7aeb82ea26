// All routes in one tree. A page is one entry here, one in pages.ts, and a folder of its own under pages/.
import { createRoute, createRouter } from '@tanstack/react-router';
import { Lines } from './parts/loaded.tsx';
import { ButtonLink } from './parts/links.tsx';
import { Page } from './parts/page.tsx';
import { ProblemView } from './parts/problem-view.tsx';
import { accessRoute, newRuleRoute, ruleRoute } from './pages/access/access-routes.ts';
import { logRoute, proofRoute, recordRoute, secretUsesRoute } from './pages/log/log-routes.ts';
import { meRoute } from './pages/me/me-routes.ts';
import { peopleRoute, personRoute } from './pages/people/people-routes.ts';
import { overviewRoute } from './pages/overview/overview-routes.ts';
import { serverRoute, serversRoute } from './pages/servers/servers-routes.ts';
import { settingsRoute, settingsSectionRoute } from './pages/settings/settings-routes.ts';
import { FirstPage } from './pages/welcome/first-page.tsx';
import { welcomeRoute } from './pages/welcome/welcome-routes.ts';
import { rootRoute, shellRoute } from './shell/shell-route.tsx';
import { SignedInPage } from './shell/signed-in-page.tsx';

const startRoute = createRoute({ getParentRoute: () => shellRoute, path: '/', component: FirstPage });

const signedInRoute = createRoute({ getParentRoute: () => rootRoute, path: '/signed-in', component: SignedInPage });

const routeTree = rootRoute.addChildren([
  signedInRoute,
  shellRoute.addChildren([
    startRoute,
    overviewRoute,
    serversRoute,
    serverRoute,
    accessRoute,
    newRuleRoute,
    ruleRoute,
    peopleRoute,
    personRoute,
    logRoute,
    proofRoute,
    secretUsesRoute,
    recordRoute,
    settingsRoute,
    settingsSectionRoute,
    meRoute,
    welcomeRoute,
  ]),
]);

function NotFound() {
  return (
    <Page title="There is nothing here" lead="The address may be mistyped, or from another version.">
      <div>
        <ButtonLink to="/" variant="default">
          To the start page
        </ButtonLink>
      </div>
    </Page>
  );
}

export function createDashboardRouter() {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultPendingComponent: () => <Lines count={6} />,
    defaultErrorComponent: ({ error, reset }) => <ProblemView problem={error} retry={reset} />,
    defaultNotFoundComponent: NotFound,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>;
  }
}

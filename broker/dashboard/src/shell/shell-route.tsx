// The root of all routes, and the shell that asks who is signed in before anything is drawn.
import { Center, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { createRootRoute, createRoute, Outlet, retainSearchParams, useSearch } from '@tanstack/react-router';
import { sessionApi } from 'mcpgate-shared/api/session';
import { WorkspaceNameSchema } from 'mcpgate-shared/api/fields';
import { useEffect } from 'react';
import { z } from 'zod';
import { call } from '../api/call.ts';
import type { Problem } from '../api/problem.ts';
import { LiveProvider } from '../api/live.tsx';
import { SessionProvider } from '../api/session.tsx';
import { keyOf } from '../api/use-api.ts';
import { ProblemView } from '../parts/problem-view.tsx';
import { Shell } from './shell.tsx';
import { signInPath } from './sign-in-path.ts';

/** What may stand in the address of every page: the workspace that is shown, where it is not one's own. */
const EverySearch = z.object({ workspace: WorkspaceNameSchema.optional().catch(undefined) });

export const rootRoute = createRootRoute({
  validateSearch: EverySearch,
  search: { middlewares: [retainSearchParams(['workspace'])] },
  component: Outlet,
});

function SignedInOnly() {
  const { workspace } = useSearch({ from: '__root__' });
  const session = useQuery<z.output<typeof sessionApi.show.answer>, Problem>({
    queryKey: keyOf(sessionApi.show),
    queryFn: ({ signal }) => call({ csrfToken: '', workspace: undefined }, sessionApi.show, {}, { signal }),
    staleTime: Infinity,
  });
  const isNobody = session.data === undefined && session.error?.kind === 'unauthenticated';
  useEffect(() => {
    if (isNobody) location.replace(signInPath(location.pathname + location.search));
  }, [isNobody]);
  if (session.data !== undefined)
    return (
      <SessionProvider session={session.data} workspace={workspace}>
        <LiveProvider>
          <Shell />
        </LiveProvider>
      </SessionProvider>
    );
  return (
    <Center component="main" mih="100dvh">
      {session.error === null || isNobody ? (
        <Loader aria-label="Loading" />
      ) : (
        <ProblemView problem={session.error} retry={() => void session.refetch()} />
      )}
    </Center>
  );
}

export const shellRoute = createRoute({ getParentRoute: () => rootRoute, id: 'shell', component: SignedInOnly });

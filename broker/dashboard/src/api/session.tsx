// Who is signed in, and what every call of theirs carries. Asked once before anything is drawn; pages read it with `useSession`.
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { may, type Access, type Right } from 'mcpgate-shared/api/roles';
import type { BrowserSession } from 'mcpgate-shared/api/session';
import type { Caller } from './call.ts';

export interface SessionOfPage extends BrowserSession {
  caller: Caller;
  /** The workspace that the pages show. */
  shown: string;
  /** Whether this person's role has the right; the broker refuses what it does not, whatever a page shows. */
  may(right: Access | Right): boolean;
}

const SessionContext = createContext<SessionOfPage | undefined>(undefined);

export function SessionProvider(props: {
  session: BrowserSession;
  /** As the address says; undefined: the person's own. */
  workspace: string | undefined;
  children: ReactNode;
}) {
  const { session, workspace, children } = props;
  const value = useMemo((): SessionOfPage => {
    const home = session.workspace.name;
    const shown = workspace ?? home;
    return {
      ...session,
      shown,
      caller: { csrfToken: session.csrf_token, workspace: shown === home ? undefined : shown },
      may: (right) => may(session.role, right),
    };
  }, [session, workspace]);
  return <SessionContext value={value}>{children}</SessionContext>;
}

export function useSession(): SessionOfPage {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('a page is drawn outside of the shell');
  return session;
}

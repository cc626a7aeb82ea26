// The operations on the sign-in of the browser that asks. They stand here and not in `admin`, because there is no sign-in but over HTTP.
import { may } from 'mcpgate-shared/api/roles';
import { sessionApi, type BrowserSignOut } from 'mcpgate-shared/api/session';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import { operation, type Caller, type Operation } from '../../admin/operation.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { SignIn } from '../../identity/sign-in/sign-in.ts';
import { WithHeaders } from './with-headers.ts';

/** `at` as people and programs read it; null for what is no time: long ago, or never. */
export const timeOrNull = (at: number): string | null =>
  at > 0 && Number.isFinite(at) ? new Date(at).toISOString() : null;

export function inBrowser({ browser, principal }: Caller) {
  const { user } = principal ?? {};
  if (browser !== undefined && user !== undefined) return { browser, user };
  throw new GateError(
    'not_found',
    'this request came with a token: there is no browser that is signed in; `GET /api/v1/me` says whose it is',
  );
}

export function sessionOperations(parts: {
  store: { users: Pick<Store['users'], 'byId'>; workspaces: Pick<Store['workspaces'], 'list'> };
  publicUrl: string;
  clock: Pick<Clock, 'now'>;
  signIn: Pick<SignIn, 'waysToReauthenticate' | 'reauthenticateAfterMs' | 'passkeysArePossible'>;
}): Operation[] {
  const { store, publicUrl, clock, signIn } = parts;

  /** Of a session of ours; a reverse proxy says nothing of how it has signed somebody in. */
  const signInOf = async ({ browser, credential }: Caller) => {
    const session = credential.kind === 'session' ? await browser?.session() : undefined;
    return {
      authenticated_at: session === undefined ? null : timeOrNull(session.authenticatedAt),
      fresh_until: session === undefined ? null : timeOrNull(session.authenticatedAt + signIn.reauthenticateAfterMs),
      method: session?.method ?? null,
      second_factor: session?.secondFactor ?? null,
      can_reauthenticate_by: session === undefined ? [] : await signIn.waysToReauthenticate(session),
      password: { is_set: session?.person.hasPassword ?? false, is_weak: session?.isPasswordWeak ?? false },
      passkeys_possible: session !== undefined && signIn.passkeysArePossible,
    };
  };
  return [
    operation(sessionApi.show, async (_input, caller) => {
      const { browser, user } = inBrowser(caller);
      const { homeWorkspaceId: home, workspaceId, role } = caller;
      const all =
        home === DEFAULT_WORKSPACE && may(role, 'workspaces') ? await store.workspaces.list() : [{ name: home }];
      const email = (await store.users.byId(user.id))?.email ?? null;
      return {
        user: { id: user.id, name: user.name, email, display_name: user.name },
        role: user.role,
        workspace: { name: workspaceId, home: workspaceId === home },
        workspaces: all.map(({ name }) => ({ name, home: name === home })),
        csrf_token: browser.csrfToken,
        expires_at: browser.expiresAt === null ? null : new Date(browser.expiresAt).toISOString(),
        ...(await signInOf(caller)),
        broker: { version: VERSION, url: publicUrl },
      };
    }),
    {
      endpoint: sessionApi.end,
      async run(_input, caller) {
        const { continueAt, setCookie } = await inBrowser(caller).browser.signOut();
        const body: BrowserSignOut = { ended_at: new Date(clock.now()).toISOString(), continue_at: continueAt };
        return new WithHeaders(body, { 'set-cookie': setCookie });
      },
    },
  ];
}

// The operations on one's own sign-in, from a page in the browser that is signed in: showing anew who one is, the password, the passkeys.
import { signInApi, type Passkey } from 'mcpgate-shared/api/sign-in/sign-in-api';
import { GateError } from 'mcpgate-shared/error';
import { listOperation } from '../../admin/lists/list-operation.ts';
import { operation, type Caller, type Operation } from '../../admin/operation.ts';
import { toPasskey } from '../../admin/passkey-answer.ts';
import type { SignIn } from '../../identity/sign-in/sign-in.ts';
import { inBrowser, timeOrNull } from './session-operations.ts';
import { WithHeaders } from './with-headers.ts';

const throttled = (retryAfterMs: number): GateError =>
  new GateError('throttled', `too many tries; wait ${Math.ceil(retryAfterMs / 1000)} s`, { retryAfterMs });

export function signInOperations({ signIn }: { signIn: SignIn }): Operation[] {
  const own = async (caller: Caller) => {
    const { browser } = inBrowser(caller);
    return { session: await browser.session(), visitor: browser.visitor, keepProof: browser.keepProof };
  };
  const shown = (authenticatedAt: number) => ({
    authenticated_at: new Date(authenticatedAt).toISOString(),
    fresh_until: timeOrNull(authenticatedAt + signIn.reauthenticateAfterMs),
  });
  /** An operation whose answer sets the cookie of the proof. */
  const proving = ({ endpoint, run }: Operation, keep: WeakMap<object, string>): Operation => ({
    endpoint,
    async run(input, caller, signal) {
      const body: unknown = await run(input, caller, signal);
      const cookie = typeof body === 'object' && body !== null ? keep.get(body) : undefined;
      return cookie === undefined ? body : new WithHeaders(body, { 'set-cookie': cookie });
    },
  });
  const cookies = new WeakMap<object, string>();
  const withProof = <T extends object>(body: T, cookie: string): T => {
    cookies.set(body, cookie);
    return body;
  };

  return [
    operation(signInApi.reauthenticationOptions, async (_input, caller) => {
      const { session } = await own(caller);
      return { ...(await signIn.reauthenticationOptions(session)) };
    }),
    proving(
      operation(signInApi.reauthenticate, async ({ body }, caller) => {
        const { session, visitor, keepProof } = await own(caller);
        const outcome = await signIn.reauthenticate(session, body, visitor);
        if (outcome.kind === 'throttled') throw throttled(outcome.retryAfterMs);
        if (outcome.kind === 'refused') throw new GateError('forbidden', outcome.message);
        return withProof(shown(outcome.authenticatedAt), keepProof(outcome.proof));
      }),
      cookies,
    ),
    proving(
      operation(signInApi.changePassword, async ({ body }, caller) => {
        const { session, visitor, keepProof } = await own(caller);
        const form = { current: body.current_password, next: body.new_password };
        const outcome = await signIn.changePassword(session, form, visitor);
        if (outcome.kind === 'throttled') throw throttled(outcome.retryAfterMs);
        if (outcome.kind === 'refused')
          throw new GateError(outcome.field === 'current' ? 'forbidden' : 'usage', outcome.message);
        const answer = { ...shown(outcome.authenticatedAt), sessions_ended: outcome.sessionsEnded };
        return withProof(answer, keepProof(outcome.proof));
      }),
      cookies,
    ),
    listOperation(signInApi.listPasskeys, async (_input, caller): Promise<Passkey[]> => {
      const { session } = await own(caller);
      return (await signIn.passkeysOf(session.person)).map(toPasskey);
    }),
    operation(signInApi.passkeyOptions, async (_input, caller) => {
      const { session } = await own(caller);
      return { ...(await signIn.registrationOptions(session)) };
    }),
    operation(signInApi.addPasskey, async ({ body }, caller) => {
      const { session, visitor } = await own(caller);
      const outcome = await signIn.registerPasskey(session, body, visitor);
      if (outcome.kind === 'refused') throw new GateError('usage', outcome.message);
      return toPasskey(outcome.passkey);
    }),
    operation(signInApi.renamePasskey, async ({ params, body }, caller) => {
      const { session, visitor } = await own(caller);
      return toPasskey(await signIn.renamePasskey(session, params.id, body.name, visitor));
    }),
    operation(signInApi.removePasskey, async ({ params }, caller) => {
      const { session, visitor } = await own(caller);
      const { passkey, sessionsEnded } = await signIn.removePasskey(session, params.id, visitor);
      return { ...toPasskey(passkey), sessions_ended: sessionsEnded };
    }),
  ];
}

// Puts `sign-in.ts` together over passwords, passkeys and browser sessions. Each step is an event of the log.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { PasskeyRecord } from '../../domain/people/passkey.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { KnownBrowsers } from '../browser/known-browsers.ts';
import type { Throttled, WebLogin, WebVisitor } from '../browser/web-access.ts';
import { sessionIdOf, type FoundSession, type StartedSession, type WebSessions } from '../browser/web-sessions.ts';
import { toPerson } from '../registers/people.ts';
import { createAddressThrottle } from '../throttle.ts';
import type { AnswerProblem, Passkeys, RefusedAnswer } from './passkeys.ts';
import type { Passwords } from './passwords.ts';
import type { SecondFactors } from './second-factor.ts';
import type { BrowserSignIn, ReauthenticationWay, Refused, SignIn } from './sign-in.ts';

/** How many answers of passkeys may be wrong from an address. They are not guessed: this bounds what a stranger can have checked and recorded. */
const ANSWERS = { tries: 60, windowS: 15 * 60 };
const DEFAULT_NAME = 'Passkey';
const MAX_NAME = 60;

/** What the person is told. Whether a passkey is known here, whose it is and whether its counter fits, is for the log. */
const MESSAGES: Readonly<Record<AnswerProblem, string>> = {
  malformed: 'The answer of your passkey could not be read. Try again.',
  challenge: 'This took too long, or was begun in another browser. Try again.',
  replayed: 'This answer was used already. Try again.',
  unknown: 'This passkey is not known here. Sign in another way, or ask your platform team.',
  cloned: 'This passkey was refused. Sign in another way, and ask your platform team.',
  invalid: 'This passkey was refused. Try again, or sign in another way.',
};

const plainName = (name: string): string =>
  name
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, MAX_NAME) || DEFAULT_NAME;

export function createSignIn(parts: {
  store: Store;
  clock: Clock;
  audit: Audit;
  sessions: WebSessions;
  passwords: Passwords;
  passkeys: Passkeys;
  secondFactors: SecondFactors;
  knownBrowsers: KnownBrowsers;
  reauthenticateAfterMs: number;
  /** The company's IdP: whether somebody has an account there, and what it keeps of a session that goes on under another cookie. */
  idp: { issuer: string } | undefined;
  moved: (from: string, to: StartedSession, userId: string) => Promise<void>;
}): SignIn {
  const { store, audit, sessions, passwords, passkeys, secondFactors, knownBrowsers } = parts;
  const byAddress = createAddressThrottle(ANSWERS, () => parts.clock.now());

  const record = (user: UserRecord, type: string, visitor: WebVisitor, data: AuditEvent['data'] = {}) =>
    audit.event({
      ...{ workspace_id: user.workspaceId, type, actor: user.name, subject: `user:${user.name}` },
      ...{ address: visitor.address, data },
    });
  const refuse = async (
    type: string,
    { problem, detail, userId }: RefusedAnswer,
    visitor: WebVisitor,
    step: string,
  ): Promise<Refused> => {
    const user = userId === undefined ? undefined : await store.users.byId(userId);
    const told = { workspace_id: user?.workspaceId ?? DEFAULT_WORKSPACE, subject: user ? `user:${user.name}` : null };
    const data = { step, problem, ...(detail !== undefined && { detail }) };
    await audit.refused({ ...told, type, actor: 'anonymous', address: visitor.address, data }, visitor.request);
    if (problem === 'cloned' && user !== undefined)
      await record(user, 'passkey.cloned', visitor, { step, ...(detail !== undefined && { detail }) });
    return { kind: 'refused', message: MESSAGES[problem] };
  };
  /** A try counts before it is judged, and is taken back where it was rightful. */
  const paced = async <T extends { kind: string }>(
    visitor: WebVisitor,
    judge: () => Promise<T>,
  ): Promise<T | Throttled> => {
    const retryAfterMs = byAddress.hit(visitor.address);
    if (retryAfterMs > 0) return { kind: 'throttled', retryAfterMs };
    const answer = await judge();
    if (answer.kind === 'ok') byAddress.forgive(visitor.address);
    return answer;
  };

  /**
   * Whether a passkey is enough for this person. Who has an account at the company's IdP and no password here signs in there: else somebody whom that
   * lets in no more would have a way around it.
   */
  const maySignInByPasskey = async (user: UserRecord): Promise<boolean> =>
    user.disabledAt === null &&
    (await passwords.areFor(user)) &&
    (user.passwordHash !== null || (await store.externalIdentities.issuersOf(user.id)).length === 0);

  const login = (user: UserRecord, started: StartedSession): WebLogin => ({
    kind: 'ok',
    ...started,
    known: knownBrowsers.issue(user.id),
    user: toPerson(user),
  });

  const found = async ({ token }: BrowserSignIn): Promise<FoundSession> => {
    const answer = await sessions.find(token);
    if (answer !== undefined && answer !== 'suspended') return answer;
    throw new GateError('not_logged_in', 'this browser is not signed in any more; sign in again');
  };

  const finishBy = async (
    waiting: FoundSession,
    token: string,
    answer: { passkey: unknown; name: string },
    visitor: WebVisitor,
  ): Promise<WebLogin | Refused | { kind: 'gone' }> => {
    const { user } = waiting;
    const own = await passkeys.listOf(user.id);
    let data: AuditEvent['data'];
    if (own.length > 0) {
      const asked = { purpose: 'second_step', browser: token, ownerId: user.id, needsVerification: false } as const;
      const shown = await passkeys.answered(answer.passkey, asked);
      if (shown.kind === 'refused') return refuse('login.failed', { ...shown, userId: user.id }, visitor, 'second');
      data = { passkey: shown.passkey.id };
    } else {
      const told = { browser: token, name: plainName(answer.name) };
      const made = await passkeys.register(user, answer.passkey, told);
      if (made.kind === 'refused') return refuse('login.failed', { ...made, userId: user.id }, visitor, 'register');
      data = { passkey: made.passkey.id };
      await record(user, 'passkey.registered', visitor, { passkey: made.passkey.id, name: made.passkey.name });
    }
    const started = await sessions.finish(waiting, visitor, 'passkey');
    if (started === undefined) return { kind: 'gone' };
    await parts.moved(token, started, user.id);
    await record(user, 'login.succeeded', visitor, {
      ...{ method: waiting.session.method, second_factor: 'passkey', ...data },
    });
    return login(user, started);
  };

  const waysOf = async (user: UserRecord): Promise<ReauthenticationWay[]> => {
    const own = passkeys.arePossible ? await passkeys.listOf(user.id) : [];
    const issuers = parts.idp === undefined ? [] : await store.externalIdentities.issuersOf(user.id);
    const isDemanded = secondFactors.isDemandedOf(user);
    const ways: ReauthenticationWay[] = [];
    if (own.length > 0) ways.push('passkey');
    // Of whom more than a password is demanded, it is demanded here too.
    if (!(isDemanded && own.length > 0) && user.passwordHash !== null && (await passwords.areFor(user)))
      ways.push('password');
    if (parts.idp !== undefined && issuers.includes(parts.idp.issuer)) ways.push('idp');
    return ways;
  };

  const showAnew = async (
    { session, user }: FoundSession,
    method: ReauthenticationWay,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; proof: string; authenticatedAt: number }> => {
    const shown = await sessions.authenticated(session);
    await record(user, 'session.reauthenticated', visitor, { method, session: sessionIdOf(session) });
    return { kind: 'ok', ...shown };
  };

  const ownPasskey = async (user: UserRecord, id: string): Promise<PasskeyRecord> => {
    const own = (await passkeys.listOf(user.id)).find((passkey) => passkey.id === id);
    if (own !== undefined) return own;
    throw new GateError('not_found', `you have no passkey ${id}`);
  };

  return {
    passkeysArePossible: passkeys.arePossible,
    reauthenticateAfterMs: parts.reauthenticateAfterMs,
    isSecondFactorDemandedOf: (person) => secondFactors.isDemandedOf(person),
    async session(token, proof) {
      const answer = await sessions.find(token);
      if (token === undefined || answer === undefined || answer === 'suspended') return undefined;
      const { session, user } = answer;
      const { method, secondFactor, isPasswordWeak, tokenHash, createdAt: startedAt } = session;
      const authenticatedAt = sessions.authenticatedAt(session, proof);
      return {
        ...{
          person: toPerson(user),
          method,
          secondFactor,
          startedAt,
          authenticatedAt,
          isPasswordWeak,
          tokenHash,
          token,
        },
      };
    },

    passkeyOptions: (browser) => (passkeys.arePossible ? passkeys.assertionOptions('sign_in', browser) : undefined),
    withPasskey: (answer, browser, visitor) =>
      paced(visitor, async () => {
        const asked = { purpose: 'sign_in', browser, needsVerification: true } as const;
        const shown = await passkeys.answered(answer, asked);
        if (shown.kind === 'refused') return refuse('login.failed', shown, visitor, 'passkey');
        const { passkey } = shown;
        const user = await store.users.byId(passkey.userId);
        if (user === undefined || !(await maySignInByPasskey(user))) {
          const why = { kind: 'refused', problem: 'unknown', detail: 'may not sign in here' } as const;
          return refuse('login.failed', { ...why, userId: passkey.userId }, visitor, 'passkey');
        }
        const how = { method: 'passkey', secondFactor: 'passkey', isPasswordWeak: false } as const;
        const started = await sessions.start(user, visitor, how);
        await record(user, 'login.succeeded', visitor, { method: 'passkey', passkey: passkey.id });
        return login(user, started);
      }),

    async secondStep(token) {
      const waiting = await sessions.unfinished(token);
      if (waiting === undefined || token === undefined) return undefined;
      const person = toPerson(waiting.user);
      const own = await passkeys.listOf(waiting.user.id);
      if (own.length === 0)
        return { person, need: 'register', options: await passkeys.registrationOptions(waiting.user, token) };
      return { person, need: 'passkey', options: passkeys.assertionOptions('second_step', token, { passkeys: own }) };
    },
    async finish(token, answer, visitor) {
      const waiting = await sessions.unfinished(token);
      if (waiting === undefined || token === undefined) return { kind: 'gone' };
      return paced(visitor, () => finishBy(waiting, token, answer, visitor));
    },

    waysToReauthenticate: async (session) => waysOf((await found(session)).user),
    async reauthenticationOptions(session) {
      const own = await passkeys.listOf(session.person.id);
      return passkeys.assertionOptions('reauthenticate', session.token, { passkeys: own });
    },
    async reauthenticate(session, by, visitor) {
      const current = await found(session);
      const { user } = current;
      const method = 'password' in by ? 'password' : 'passkey';
      if (!(await waysOf(user)).includes(method))
        return { kind: 'refused', message: `Use another way: a ${method} is not enough here.` };
      if ('passkey' in by)
        return paced(visitor, async () => {
          const needs = { ownerId: user.id, needsVerification: false };
          const asked = { purpose: 'reauthenticate', browser: session.token, ...needs } as const;
          const shown = await passkeys.answered(by.passkey, asked);
          if (shown.kind === 'ok') return showAnew(current, 'passkey', visitor);
          return refuse('reauthentication.failed', { ...shown, userId: user.id }, visitor, 'passkey');
        });
      const verdict = await passwords.judgeOwn(user, by.password, visitor);
      if (verdict.kind === 'right') return showAnew(current, 'password', visitor);
      const told = { workspace_id: user.workspaceId, subject: `user:${user.name}`, address: visitor.address };
      await audit.refused(
        { ...told, type: 'reauthentication.failed', actor: 'anonymous', data: { step: 'password' } },
        visitor.request,
      );
      return verdict.kind === 'throttled' ? verdict : { kind: 'refused', message: 'The password is wrong.' };
    },

    async changePassword(session, { current, next }, visitor) {
      const own = await found(session);
      const { user } = own;
      if (!(await passwords.areFor(user)) || user.passwordHash === null)
        return { kind: 'refused', field: 'current', message: 'You have no password here: ask your platform team.' };
      const verdict = await passwords.judgeOwn(user, current, visitor);
      if (verdict.kind === 'throttled') return verdict;
      if (verdict.kind === 'wrong') {
        const told = { workspace_id: user.workspaceId, subject: `user:${user.name}`, address: visitor.address };
        await audit.refused({ ...told, type: 'password.refused', actor: 'anonymous', data: {} }, visitor.request);
        return { kind: 'refused', field: 'current', message: 'This is not your current password.' };
      }
      const message = await passwords.problemOf(next, user);
      if (message !== undefined) return { kind: 'refused', field: 'password', message };
      if (next.normalize('NFKC') === current.normalize('NFKC'))
        return { kind: 'refused', field: 'password', message: 'This is the password that you have.' };
      await store.users.setPassword(user.id, await passwords.hash(next));
      await store.links.expire(user.workspaceId, 'password', user.id);
      const sessionsEnded = await sessions.endOf(user, session.tokenHash);
      await store.webSessions.passwordChosen(session.tokenHash);
      await record(user, 'password.changed', visitor, { sessions_ended: sessionsEnded });
      return { ...(await showAnew(own, 'password', visitor)), sessionsEnded };
    },
    passkeysOf: ({ id }) => passkeys.listOf(id),
    async registrationOptions(session) {
      if (!passkeys.arePossible)
        throw new GateError('conflict', 'browsers make passkeys for a host name over https only; see public_url');
      return passkeys.registrationOptions((await found(session)).user, session.token);
    },
    async registerPasskey(session, answer, visitor) {
      const { user } = await found(session);
      const told = { browser: session.token, name: plainName(answer.name) };
      const made = await passkeys.register(user, answer.passkey, told);
      if (made.kind === 'refused') return refuse('passkey.refused', { ...made, userId: user.id }, visitor, 'register');
      const { passkey } = made;
      await record(user, 'passkey.registered', visitor, { passkey: passkey.id, name: passkey.name });
      return { kind: 'ok', passkey };
    },
    async renamePasskey(session, id, name, visitor) {
      const { user } = await found(session);
      const before = await ownPasskey(user, id);
      const after = { ...before, name: plainName(name) };
      await store.passkeys.rename(user.id, id, after.name);
      await record(user, 'passkey.renamed', visitor, { passkey: id, name: after.name, before: before.name });
      return after;
    },
    async removePasskey(session, id, visitor) {
      const { user } = await found(session);
      const passkey = await ownPasskey(user, id);
      const own = await passkeys.listOf(user.id);
      if (own.length === 1 && secondFactors.isDemandedOf(user))
        throw new GateError('conflict', 'this is your last passkey, and you need one here: register another one first');
      await store.passkeys.remove(user.id, id);
      const sessionsEnded = await sessions.endOf(user, sha256Hex(session.token));
      await record(user, 'passkey.removed', visitor, {
        passkey: id,
        name: passkey.name,
        sessions_ended: sessionsEnded,
      });
      return { passkey, sessionsEnded };
    },
  };
}

// Signing in at the company's IdP (OpenID Connect), from the button on the sign-in page to the browser session, and signing out. Every refusal is
// recorded with its reason.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { Log } from '../../domain/log.ts';
import { createRefusalLog } from '../../domain/bounds/refusal-log.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices } from '../registers/registers.ts';
import type { Logins } from '../browser/logins.ts';
import { toPerson } from '../registers/people.ts';
import { createSecret, sha256Hex } from '../../store/secret-token.ts';
import { createAddressThrottle } from '../throttle.ts';
import type { WebLogin, WebVisitor } from '../browser/web-access.ts';
import { sessionIdOf, type WebSessions } from '../browser/web-sessions.ts';
import type { ExternalPeople } from './external-people.ts';
import { readClaims } from './idp-claims.ts';
import type { AssertionRequests } from './assertion-requests.ts';
import type { IdpMetadata, IdpSeen } from './idp-metadata.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { refused, type Refusal, type RefusalReason } from './refusal.ts';
import { CLOCK_TOLERANCE_S, createIdpTokens } from './idp-tokens.ts';
import { createIdpOrigins, type FromIdp } from './idp-origins.ts';
import { createIdpSessions } from './idp-sessions.ts';
import { createLogoutEffects } from './logout-effects.ts';
import { createLogoutTokens, type LogoutOutcome } from './logout-tokens.ts';
import type { SecondFactors } from '../sign-in/second-factor.ts';
import { createSignInTrials, type SignInTrials, type TriedSignIn } from './sign-in-trials.ts';
import { createSignInAttempts } from './sign-in-attempts.ts';
import { createHomeOf, createWorkspaceChoice, readWorkspaceClaim } from './workspace-choice.ts';

const WINDOW_S = 15 * 60;
export const CALLBACK_PATH = '/oauth/idp/callback';
const SIGNED_OUT_PATH = '/logout';
/** What is not refused. */
const BY_THEM: ReadonlySet<string> = new Set([
  ...['login.succeeded', 'login.second_step', 'login.tried', 'session.reauthenticated'],
]);

/** An administrator who tries out a sign-in. */
type Tries = Pick<UserRecord, 'id' | 'name' | 'workspaceId'>;

export interface CompanyLogin {
  /** What is to be registered at the IdP. */
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  /** What the broker has of the IdP. */
  seen(): IdpSeen;
  /** The IdP's name for people. */
  readonly label: string;
  /** Whether somebody who signs out of the pages is sent to the IdP to sign out there too. */
  readonly endsSessions: boolean;
  /** Whether signing out at the IdP revokes the person's devices. */
  readonly endsDevices: boolean;
  /**
   * Begins a sign-in: returns the URL to send the browser to, and the secret that its cookie must hold. `browserSecret`: what the cookie holds now.
   * `again`: the person is signed in, and is to show anew at the IdP who they are. `trial`: this administrator tries out what a sign-in brings; what comes
   * of it is at `trials`, and nobody is signed in. `goTo`: the path of the broker at which the sign-in is to end; anything but a path becomes the start page.
   */
  start(
    browserSecret: string | undefined,
    goTo: string,
    visitor: WebVisitor,
    who?: { again?: { userId: string }; trial?: Tries },
  ): Promise<{ kind: 'ok'; url: string; browserSecret: string } | { kind: 'tried' } | Refusal>;
  readonly trials: Pick<SignInTrials, 'check' | 'last'>;
  /** Ends a sign-in: the IdP has sent the browser back with `query`. */
  finish(
    query: URLSearchParams,
    browserSecret: string | undefined,
    visitor: WebVisitor,
    /** The cookies of the browser's session. */
    session?: { token: string | undefined },
  ): Promise<
    | (Omit<WebLogin, 'known'> & { goTo: string })
    /** They have shown anew who they are; `proof`: for the cookie beside the session's. */
    | { kind: 'again'; proof: string; goTo: string }
    | { kind: 'tried'; goTo: string }
    | Refusal
  >;
  /**
   * A person has approved a device or application in this browser session: notes that it comes from the same session at the IdP, so that it can end
   * with that. Ends it at once where the browser session has ended meanwhile.
   */
  letIn(sessionToken: string | undefined, login: FromIdp, address: string): Promise<void>;
  /** A session goes on under another cookie. */
  moved(from: string, to: { token: string; expiresAt: number }): Promise<void>;
  /** Where to send the browser of an ended session to sign out at the IdP; undefined where it did not begin there. Never log the URL. */
  endUrl(sessionToken: string): Promise<string | undefined>;
  /** The IdP says that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0): ends their sessions here. */
  backChannelLogout(token: string, address: string): Promise<LogoutOutcome>;
}

export function createCompanyLogin(parts: {
  issuer: string;
  settings: IdpSettings;
  metadata: IdpMetadata;
  people: ExternalPeople;
  sessions: WebSessions;
  secondFactors: Pick<SecondFactors, 'isToldBy'>;
  logins: Pick<Logins, 'of'>;
  store: Store;
  vault: Pick<Vault, 'seal' | 'open'>;
  audit: Audit;
  /** Keeps what the IdP gave, for those servers whose accounts come of it. */
  assertionRequests: Pick<AssertionRequests, 'keep' | 'signedOut'>;
  devices: Pick<Devices, 'revoke'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
  clock: Clock;
  log: Log;
}): CompanyLogin {
  const { settings, metadata, people, sessions, logins, store, vault, audit, devices, clientSessions, clock, log } =
    parts;
  const { secondFactors } = parts;
  const redirectUri = `${parts.issuer}${CALLBACK_PATH}`;
  const host = new URL(settings.issuer).host;
  const choose = createWorkspaceChoice({
    settings,
    asks: settings.workspaceClaim !== undefined,
    toldBy: settings.label,
    workspaces: store.workspaces,
  });
  const home = createHomeOf(settings, store.workspaces);
  const attempts = createSignInAttempts({ store, clock });
  const returnTo = `${parts.issuer}${SIGNED_OUT_PATH}`;
  const idpSessions = createIdpSessions({ settings, metadata, returnTo, store, vault, clock, log });
  const origins = createIdpOrigins({ issuer: settings.issuer, store });
  const effects = createLogoutEffects({
    ends: settings.logoutEnds,
    signedOut: parts.assertionRequests.signedOut,
    actor: `idp:${host}`,
    store,
    origins,
    sessions,
    audit,
    clock,
    devices,
    clientSessions,
  });
  const tokens = createIdpTokens({ settings, metadata, redirectUri });
  const trials = createSignInTrials({ settings, metadata, tokens, store, clock });
  const refusals = createRefusalLog<RefusalReason>({ log, clock });
  const byAddress = createAddressThrottle({ tries: 200, windowS: WINDOW_S });
  const failures = createAddressThrottle({ tries: 50, windowS: WINDOW_S });
  log.info({ issuer: settings.issuer, redirect_uri: redirectUri }, 'people sign in at the company’s IdP');

  const record = async (
    type: string,
    { address, request }: Pick<WebVisitor, 'address' | 'request'>,
    data: AuditEvent['data'],
    { user = null, workspaceId }: { user?: string | null; workspaceId?: string | undefined } = {},
  ) => {
    const subject = user === null ? null : `user:${user}`;
    const isTheirs = BY_THEM.has(type) && user !== null;
    const actor = isTheirs ? user : 'anonymous';
    const told = {
      workspace_id: workspaceId ?? (await home()),
      type,
      actor,
      subject,
      address,
      data: { via: `idp:${host}`, ...data },
    };
    return isTheirs ? audit.event(told) : audit.refused(told, request);
  };

  const tooMany = (retryAfterMs: number): Refusal =>
    refused('throttled', `Too many sign-ins from your address. Try again in ${Math.ceil(retryAfterMs / 60_000)} min.`);

  /** Records a refusal and returns it. After too many from one address, it records and returns only that there were too many. */
  const fail = async (refusal: Refusal, visitor: WebVisitor): Promise<Refusal> => {
    const { reason, detail = null, workspaceId, calledName } = refusal;
    const retryAfterMs = failures.hit(visitor.address);
    const facts = { issuer: settings.issuer, reason, detail, workspace: workspaceId, address: visitor.address };
    refusals.note(reason, facts, 'a sign-in at the IdP was refused');
    if (retryAfterMs > 0) {
      await record('login.throttled', visitor, {});
      return tooMany(retryAfterMs);
    }
    const user = reason === 'disabled' ? detail : null;
    // This detail names another workspace, which is not for this workspace's log.
    const told = user === null && detail !== null && reason !== 'elsewhere' && { detail };
    const data = { reason, ...told, ...(calledName !== undefined && { called_name: calledName }) };
    await record('login.failed', visitor, data, { user, workspaceId });
    return refusal;
  };

  type Begun = NonNullable<Awaited<ReturnType<typeof attempts.finish>>>;

  /** Whom the IdP says that they are, and how they are admitted here. */
  const read = async (query: URLSearchParams, { attempt }: Begun, { address }: WebVisitor) => {
    const redeemed = await tokens.redeem(query, attempt);
    if (redeemed.kind === 'refused') return redeemed;
    const found = readClaims(redeemed.claims, settings);
    if (found.kind === 'refused') return found;
    const { person } = found;
    const named = readWorkspaceClaim(redeemed.claims, settings);
    const chosen = named.kind === 'refused' ? named : await choose(named.names);
    if (chosen.kind === 'refused') return { ...chosen, calledName: person.calledName.slice(0, 64) };
    const { justInTime, linkByEmail } = settings;
    const { workspaceId } = chosen;
    return { ...redeemed, person, admitted: { workspaceId, justInTime, linkByEmail, actor: `idp:${host}`, address } };
  };

  /** Keeps and records what came of a trial. */
  const tried = async (who: Tries, outcome: TriedSignIn | Refusal, visitor: WebVisitor): Promise<void> => {
    await trials.keep(who.id, outcome);
    const data =
      'kind' in outcome
        ? { outcome: 'refused', reason: outcome.reason }
        : { outcome: outcome.admission.kind, called_name: outcome.person.calledName.slice(0, 64) };
    await record('login.tried', visitor, data, { user: who.name, workspaceId: who.workspaceId });
  };

  /** What a sign-in would bring. */
  const preview = async (query: URLSearchParams, begun: Begun, visitor: WebVisitor): Promise<TriedSignIn | Refusal> => {
    const said = await read(query, begun, visitor);
    if (said.kind === 'refused') return said;
    const { claims, person, admitted } = said;
    const admission = await people.decide(person, admitted);
    if (admission.kind === 'refused') return admission;
    const { workspaceId } = admitted;
    return { claims, person, workspaceId, admission, secondFactor: secondFactors.isToldBy(claims) };
  };

  const tryOut = async (
    query: URLSearchParams,
    begun: Begun & { trial: { userId: string } },
    visitor: WebVisitor,
    token: string | undefined,
  ): Promise<{ kind: 'tried'; goTo: string } | Refusal> => {
    const user = await sessions.userOf(token);
    if (user?.id !== begun.trial.userId)
      return refused('state', 'Whoever began this trial is not signed in here any more. Sign in, and start again.');
    const outcome = await preview(query, begun, visitor);
    await tried(user, outcome, visitor);
    return { kind: 'tried', goTo: begun.goTo };
  };

  const redeem = async (query: URLSearchParams, begun: Begun, visitor: WebVisitor) => {
    const redeemed = await read(query, begun, visitor);
    if (redeemed.kind === 'refused') return redeemed;
    const admitted = await people.admit(redeemed.person, redeemed.admitted);
    if (admitted.kind === 'refused') return admitted;
    const { goTo, again } = begun;
    const { idToken, refreshToken, claims } = redeemed;
    await parts.assertionRequests.keep(admitted.user.id, { idToken, refreshToken });
    const { user } = admitted;
    const told = claims['auth_time'];
    const askedAt = typeof told === 'number' && Number.isFinite(told) ? told * 1000 : undefined;
    if (again !== undefined) {
      if (again.userId !== user.id)
        return refused(
          'state',
          'You signed in there as somebody else than the one who is signed in here. Start again.',
        );
      if (askedAt === undefined || askedAt < again.at - CLOCK_TOLERANCE_S * 1000)
        return refused(
          'token',
          `${settings.label} did not ask you anew who you are. Use another way, or sign out and in.`,
          askedAt === undefined ? 'no auth_time, though max_age was asked for' : 'auth_time is too old',
        );
    }
    return { kind: 'ok' as const, user, goTo, idToken, claims, askedAt, isAgain: again !== undefined };
  };

  return {
    redirectUri,
    postLogoutRedirectUri: returnTo,
    seen: () => metadata.seen(),
    label: settings.label,
    endsSessions: settings.endSession,
    endsDevices: settings.logoutEnds === 'devices',
    trials,
    async start(known, goTo, visitor, who = {}) {
      const { again, trial } = who;
      const retryAfterMs = byAddress.hit(visitor.address);
      if (retryAfterMs > 0) {
        await record('login.throttled', visitor, {});
        return tooMany(retryAfterMs);
      }
      const browserSecret = known !== undefined && /^[\w-]{43}$/.test(known) ? known : createSecret();
      try {
        // First, so that no row is written for an attempt while the IdP does not answer.
        await metadata.read();
        const more =
          again === undefined ? trial && { trial: { userId: trial.id } } : { again: { ...again, at: clock.now() } };
        const attempt = await attempts.begin(browserSecret, goTo, more);
        const ask = again === undefined ? trial && 'login' : 'again';
        return { kind: 'ok', url: (await tokens.authorizationUrl(attempt, ask)).href, browserSecret };
      } catch (error) {
        // Only errors of the IdP are refusals of a sign-in; an error of the store is answered as at every other page.
        if (!(error instanceof GateError) || !['unreachable', 'config', 'too_large'].includes(error.code)) throw error;
        if (trial === undefined) return fail(tokens.explain(error), visitor);
        await tried(trial, tokens.explain(error), visitor);
        return { kind: 'tried' };
      }
    },
    async finish(query, browserSecret, visitor, current) {
      const state = query.get('state') ?? '';
      const begun = browserSecret === undefined ? undefined : await attempts.finish(state, browserSecret);
      const { trial } = begun ?? {};
      const outcome =
        begun === undefined
          ? refused(
              'state',
              'This sign-in was not begun in this browser, was used already or has expired. Start again.',
            )
          : trial === undefined
            ? await redeem(query, begun, visitor)
            : await tryOut(query, { ...begun, trial }, visitor, current?.token);
      if (outcome.kind === 'refused') return fail(outcome, visitor);
      if (outcome.kind === 'tried') return outcome;
      const { user, goTo, idToken, claims, askedAt } = outcome;
      const { sid } = claims;
      byAddress.forgive(visitor.address);
      const whose = { user: user.name, workspaceId: user.workspaceId };
      const found = outcome.isAgain ? await sessions.find(current?.token) : undefined;
      if (found !== undefined && found !== 'suspended' && found.user.id === user.id) {
        const { proof } = await sessions.authenticated(found.session);
        await record('session.reauthenticated', visitor, { method: 'idp', session: sessionIdOf(found.session) }, whose);
        return { kind: 'again', proof, goTo };
      }
      const session = await sessions.start(user, visitor, {
        ...{ method: 'idp', secondFactor: secondFactors.isToldBy(claims) ? 'idp' : null, isPasswordWeak: false },
        // When the IdP asked, which may be hours ago; where it does not say, nobody knows, and whoever asks for much is asked anew.
        authenticatedAt: askedAt === undefined ? 0 : Math.min(askedAt, clock.now()),
      });
      await record(session.isFinished ? 'login.succeeded' : 'login.second_step', visitor, {}, whose);
      await idpSessions.keep(session.token, idToken, session.expiresAt);
      const browser = { tokenHash: sha256Hex(session.token), userId: user.id, expiresAt: session.expiresAt };
      if (typeof sid === 'string' && sid !== '' && sid.length <= 255) await origins.keep(browser, sid);
      return { kind: 'ok', ...session, user: toPerson(user), goTo };
    },
    async letIn(sessionToken, login, address) {
      const grantId = login.what === 'client' ? login.id : (await logins.of(login.id))?.grantId;
      const known = sessionToken !== undefined && grantId !== undefined;
      if (!known || !(await origins.follow(sha256Hex(sessionToken), { ...login, grantId }))) return;
      if ((await sessions.userOf(sessionToken)) !== undefined) return;
      const user = await store.users.byId(login.userId);
      if (user !== undefined) await effects.endOne(login, user.workspaceId, address);
    },
    backChannelLogout: createLogoutTokens({ settings, metadata, store, origins, clock, end: effects.end }),
    async moved(from, { token, expiresAt }) {
      await idpSessions.move(from, { token, expiresAt });
      await origins.move(sha256Hex(from), { tokenHash: sha256Hex(token), expiresAt });
    },
    endUrl: (sessionToken) => idpSessions.endUrl(sessionToken),
  };
}

// Signing in at the company's IdP, from the button to the browser session here. What it refuses is recorded with its reason.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import type { Log } from '../../domain/log.ts';
import { createRefusalLog } from '../../domain/refusal-log.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import type { ClientSessions } from '../client-sessions.ts';
import type { Devices } from '../registers/registers.ts';
import type { Logins } from '../browser/logins.ts';
import { toPerson } from '../registers/people.ts';
import { createSecret, sha256Hex } from '../secret-token.ts';
import { createAddressThrottle } from '../throttle.ts';
import type { WebLogin, WebVisitor } from '../browser/web-access.ts';
import type { WebSessions } from '../browser/web-sessions.ts';
import type { ExternalPeople } from './external-people.ts';
import { readClaims } from './idp-claims.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import type { IdpSettings } from '../../domain/idp-settings.ts';
import { refused, type Refusal, type RefusalReason } from './refusal.ts';
import { createIdpTokens } from './idp-tokens.ts';
import { createIdpOrigins, type FromIdp } from './idp-origins.ts';
import { createIdpSessions } from './idp-sessions.ts';
import { createLogoutEffects } from './logout-effects.ts';
import { createLogoutTokens, type LogoutOutcome } from './logout-tokens.ts';
import { createSignInAttempts } from './sign-in-attempts.ts';
import { createWorkspaceChoice } from './workspace-choice.ts';
import { readWorkspaceClaim } from './workspace-claim.ts';

const WINDOW_S = 15 * 60;
export const CALLBACK_PATH = '/oauth/idp/callback';
const SIGNED_OUT_PATH = '/logout';

export interface CompanyLogin {
  /** What people call the IdP. */
  readonly label: string;
  /** Whether who signs out here is sent there to sign out too. */
  readonly endsSessions: boolean;
  /** Whether signing out there ends devices here. */
  readonly endsDevices: boolean;
  /**
   * Where to send the browser. `browserSecret` is what its cookie holds, if it has one; the answer says what it must hold. `goTo`: the
   * path here to end at; anything but a path of this origin becomes the start page.
   */
  start(
    browserSecret: string | undefined,
    goTo: string,
    visitor: WebVisitor,
  ): Promise<{ kind: 'ok'; url: string; browserSecret: string } | Refusal>;
  /** The IdP has sent the browser back with `query`. */
  finish(
    query: URLSearchParams,
    browserSecret: string | undefined,
    visitor: WebVisitor,
  ): Promise<(Omit<WebLogin, 'known'> & { goTo: string }) | Refusal>;
  /**
   * A device or application was let in from a browser session: the session at the IdP that this one came from is theirs, too. Ends it
   * again where that has ended meanwhile.
   */
  letIn(sessionToken: string | undefined, login: FromIdp, address: string): Promise<void>;
  /** Called when a browser session ends here: where its browser signs out at the IdP too, if it came from there. Never log it. */
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
  logins: Pick<Logins, 'of'>;
  store: Store;
  vault: Pick<Vault, 'seal' | 'open'>;
  audit: Audit;
  devices: Pick<Devices, 'revoke'>;
  clientSessions: Pick<ClientSessions, 'list' | 'end'>;
  clock: Clock;
  log: Log;
}): CompanyLogin {
  const { settings, metadata, people, sessions, logins, store, vault, audit, devices, clientSessions, clock, log } =
    parts;
  const redirectUri = `${parts.issuer}${CALLBACK_PATH}`;
  const host = new URL(settings.issuer).host;
  const choose = createWorkspaceChoice({
    settings,
    asks: settings.workspaceClaim !== undefined,
    toldBy: settings.label,
    workspaces: store.workspaces,
  });
  /** Whose log has what happens before it is known where a person belongs. */
  const home = async (): Promise<string> => {
    const { workspace = DEFAULT_WORKSPACE } = settings;
    return (await store.workspaces.has(workspace)) ? workspace : DEFAULT_WORKSPACE;
  };
  const attempts = createSignInAttempts({ store, clock });
  const returnTo = `${parts.issuer}${SIGNED_OUT_PATH}`;
  const idpSessions = createIdpSessions({ settings, metadata, returnTo, store, vault, clock, log });
  const origins = createIdpOrigins({ issuer: settings.issuer, store });
  const effects = createLogoutEffects({
    ends: settings.logoutEnds,
    actor: `idp:${host}`,
    store,
    origins,
    audit,
    clock,
    devices,
    clientSessions,
  });
  const tokens = createIdpTokens({ settings, metadata, redirectUri });
  const refusals = createRefusalLog<RefusalReason>({ log, clock });
  const byAddress = createAddressThrottle({ tries: 200, windowS: WINDOW_S });
  const failures = createAddressThrottle({ tries: 50, windowS: WINDOW_S });
  log.info({ issuer: settings.issuer, redirect_uri: redirectUri }, 'people sign in at the company’s IdP');

  const record = async (
    type: string,
    { address }: { address: string },
    data: AuditEvent['data'],
    { user = null, workspaceId }: { user?: string | null; workspaceId?: string | undefined } = {},
  ) => {
    const subject = user === null ? null : `user:${user}`;
    const actor = type === 'login.succeeded' && user !== null ? user : 'anonymous';
    const told = {
      workspace_id: workspaceId ?? (await home()),
      type,
      actor,
      subject,
      address,
      data: { via: `idp:${host}`, ...data },
    };
    return type === 'login.succeeded' ? audit.event(told) : audit.refused(told);
  };

  const tooMany = (retryAfterMs: number): Refusal =>
    refused('throttled', `Too many sign-ins from your address. Try again in ${Math.ceil(retryAfterMs / 60_000)} min.`);

  /** Records and returns a refusal; past some from one address only that there are too many. */
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
    // Nothing of one workspace is for the log of another.
    const told = user === null && detail !== null && reason !== 'elsewhere' && { detail };
    const data = { reason, ...told, ...(calledName !== undefined && { called_name: calledName }) };
    await record('login.failed', visitor, data, { user, workspaceId });
    return refusal;
  };

  const redeem = async (query: URLSearchParams, browserSecret: string | undefined, visitor: WebVisitor) => {
    const state = query.get('state') ?? '';
    const begun = browserSecret === undefined ? undefined : await attempts.finish(state, browserSecret);
    if (begun === undefined)
      return refused(
        'state',
        'This sign-in was not begun in this browser, was used already or has expired. Start again.',
      );
    const redeemed = await tokens.redeem(query, begun.attempt);
    if (redeemed.kind === 'refused') return redeemed;
    const read = readClaims(redeemed.claims, settings);
    if (read.kind === 'refused') return read;
    const named = readWorkspaceClaim(redeemed.claims, settings);
    const chosen = named.kind === 'refused' ? named : await choose(named.names);
    if (chosen.kind === 'refused') return { ...chosen, calledName: read.person.calledName.slice(0, 64) };
    const admitted = await people.admit(read.person, {
      workspaceId: chosen.workspaceId,
      justInTime: settings.justInTime,
      linkByEmail: settings.linkByEmail,
      actor: `idp:${host}`,
      address: visitor.address,
    });
    if (admitted.kind === 'refused') return admitted;
    const { goTo } = begun;
    const { idToken, claims } = redeemed;
    return { kind: 'ok' as const, user: admitted.user, goTo, idToken, sid: claims['sid'] };
  };

  return {
    label: settings.label,
    endsSessions: settings.endSession,
    endsDevices: settings.logoutEnds === 'devices',
    async start(known, goTo, visitor) {
      const retryAfterMs = byAddress.hit(visitor.address);
      if (retryAfterMs > 0) {
        await record('login.throttled', visitor, {});
        return tooMany(retryAfterMs);
      }
      const browserSecret = known !== undefined && /^[\w-]{43}$/.test(known) ? known : createSecret();
      try {
        // Asked first: an attempt that can lead nowhere is not worth a row.
        await metadata.read();
        const attempt = await attempts.begin(browserSecret, goTo);
        return { kind: 'ok', url: (await tokens.authorizationUrl(attempt)).href, browserSecret };
      } catch (error) {
        // Only what the IdP is to blame for: a store that is away is everybody's trouble.
        if (!(error instanceof GateError) || !['unreachable', 'config', 'too_large'].includes(error.code)) throw error;
        return fail(tokens.explain(error), visitor);
      }
    },
    async finish(query, browserSecret, visitor) {
      const outcome = await redeem(query, browserSecret, visitor);
      if (outcome.kind === 'refused') return fail(outcome, visitor);
      const { user, goTo, idToken, sid } = outcome;
      byAddress.forgive(visitor.address);
      await record('login.succeeded', visitor, {}, { user: user.name, workspaceId: user.workspaceId });
      const session = await sessions.start(user, visitor);
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
    endUrl: (sessionToken) => idpSessions.endUrl(sessionToken),
  };
}

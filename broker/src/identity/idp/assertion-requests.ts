// Asks the company's IdP for identity assertions about people to authorization servers of others (token exchange, RFC 8693; ID-JAG), with what is
// kept of each person's last sign-in there.
import { decodeJwt, jwtVerify } from 'jose';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  OperationProcessingError,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { AssertionAnswer, AssertionRequest, CompanyAssertions } from '../../accounts/company-assertions.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { idpFetch } from './idp-fetch.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import { CLOCK_TOLERANCE_S, clientAuth, SIGNATURES } from './idp-tokens.ts';
import { createKeptSignIns, type KeptSignIn, type Renew } from './kept-sign-ins.ts';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
/** By these the IdP says that the sign-in is over, or asks for another one. */
const ENDED: ReadonlySet<string> = new Set(['invalid_grant', 'login_required', 'interaction_required']);
/** Who has signed in just now is not sent to sign in again: the IdP means something else. */
const JUST_NOW_S = 60;

export interface AssertionRequests extends CompanyAssertions {
  /** Of a sign-in that was verified. */
  keep(userId: string, tokens: Pick<KeptSignIn, 'idToken' | 'refreshToken'>): Promise<void>;
  /**
   * The person has signed out at the IdP, of that session there or of all. What was kept for offline access outlives it, unless the configuration has
   * devices end with it too (OpenID Connect Back-Channel Logout 1.0, section 2.7).
   */
  signedOut(userId: string, sid: string | undefined): Promise<void>;
}

export function createAssertionRequests(parts: {
  settings: IdpSettings;
  metadata: Pick<IdpMetadata, 'read'>;
  store: Pick<Store, 'oauth' | 'users'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
}): AssertionRequests {
  const { settings, metadata, store, vault, clock } = parts;
  const underWay = new Map<string, Promise<string | undefined>>();
  const signIns = createKeptSignIns({ store, vault, clock, renew });

  async function renew(...[kept, refreshToken, sending]: Parameters<Renew>): ReturnType<Renew> {
    let isSent = false;
    try {
      const answer = await ask('refresh_token', { refresh_token: refreshToken }, async () => {
        await sending();
        isSent = true;
      });
      if (answer.id_token === undefined) return { kind: 'over' };
      await verify(answer.id_token, kept);
      return { kind: 'renewed', idToken: answer.id_token, refreshToken: answer.refresh_token ?? null };
    } catch (error) {
      if (!isAboutIdp(error)) throw error;
      if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return { kind: 'over' };
      return { kind: 'failed', wasTaken: isSent && mayBeTaken(error), error: away(error) };
    }
  }

  /** It is about the same person (OpenID Connect Core, section 12.2). */
  async function verify(idToken: string, { idToken: before }: KeptSignIn): Promise<void> {
    const { keys } = await metadata.read();
    await jwtVerify(idToken, keys, {
      issuer: settings.issuer,
      audience: settings.clientId,
      algorithms: SIGNATURES,
      clockTolerance: CLOCK_TOLERANCE_S,
      subject: decodeJwt(before).sub ?? '',
    });
  }

  async function ask(grantType: string, parameters: Record<string, string>, sending?: () => Promise<void>) {
    const { server } = await metadata.read();
    const auth = await clientAuth(settings, server.token_endpoint_auth_methods_supported);
    const client = { client_id: settings.clientId };
    const options = {
      [customFetch]: idpFetch,
      [allowInsecureRequests]: new URL(settings.issuer).protocol === 'http:',
    };
    await sending?.();
    const response = await genericTokenEndpointRequest(server, client, auth, grantType, parameters, options);
    // RFC 8693, section 2.2.1: `N_A` is the type of what is no access token.
    return await processGenericTokenEndpointResponse(server, client, response, {
      recognizedTokenTypes: { n_a: () => undefined },
    });
  }

  const away = (error: unknown): GateError =>
    new GateError(
      'unreachable',
      `${settings.label} (${new URL(settings.issuer).host}) cannot be asked now; nothing was sent`,
      { cause: error },
    );

  async function exchange(subject: string, { audience, resource, scopes }: AssertionRequest): Promise<AssertionAnswer> {
    const asked = {
      ...{ subject_token: subject, subject_token_type: ID_TOKEN, requested_token_type: ID_JAG, audience, resource },
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    };
    const refused = (why: string): AssertionAnswer => ({ kind: 'refused', by: settings.label, why });
    try {
      const answer = await ask(EXCHANGE, asked);
      if (answer['issued_token_type'] === ID_JAG) return { kind: 'granted', assertion: answer.access_token };
      return refused('it gave a token of another kind');
    } catch (error) {
      if (!isAboutIdp(error)) throw error;
      if (error instanceof WWWAuthenticateChallengeError) return refused('it does not know this broker');
      if (!(error instanceof ResponseBodyError) || error.status >= 500 || error.status === 429) throw away(error);
      const { error: code, error_description: description } = error;
      if (ENDED.has(code) && !isFrom(subject, clock.now() - JUST_NOW_S * 1000)) return { kind: 'no_sign_in' };
      return refused(quoteForeign(description === undefined ? code : `${code}: ${description}`));
    }
  }

  function subjectOf(userId: string): Promise<string | undefined> {
    const known = underWay.get(userId);
    if (known !== undefined) return known;
    const looking = signIns.idToken(userId).finally(() => underWay.delete(userId));
    underWay.set(userId, looking);
    return looking;
  }

  return {
    async keep(userId, tokens) {
      if (settings.tokenExchange) await signIns.keep(userId, tokens);
    },
    forget: signIns.forget,
    async signedOut(userId, sid) {
      const kept = settings.tokenExchange ? await signIns.find(userId) : undefined;
      if (kept === undefined || (kept.refreshToken !== null && settings.logoutEnds === 'sessions')) return;
      const keptSid = decodeJwt(kept.idToken)['sid'];
      if (sid === undefined || keptSid === undefined || keptSid === sid) await signIns.forget(userId);
    },
    async request(of) {
      const user = await store.users.byId(of.userId);
      if (!settings.tokenExchange || user?.workspaceId !== of.workspaceId || user.disabledAt !== null)
        return { kind: 'no_sign_in' };
      // A second time with what a refresh brings, where the IdP takes the ID token no more.
      for (let tries = 0; tries < 2; tries++) {
        const subject = await subjectOf(of.userId);
        if (subject === undefined) break;
        const answer = await exchange(subject, of);
        if (answer.kind !== 'no_sign_in') return answer;
        await signIns.spent(of.userId, subject);
      }
      return { kind: 'no_sign_in' };
    },
  };
}

/** Whether it was made then or later. */
const isFrom = (idToken: string, time: number): boolean => (decodeJwt(idToken).iat ?? 0) * 1000 >= time;

/** Whether it is about what the IdP answered, or that it did not. */
const isAboutIdp = (error: unknown): boolean =>
  (error instanceof GateError && error.code !== 'unavailable' && error.code !== 'internal') ||
  error instanceof OperationProcessingError ||
  error instanceof ResponseBodyError ||
  error instanceof WWWAuthenticateChallengeError ||
  error instanceof TypeError ||
  (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_J'));

/** Whether the IdP may have used up what it was sent: not where nobody answered at its address, and not where it said no itself. */
function mayBeTaken(error: unknown): boolean {
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError)
    return error.status === 502 || error.status === 504;
  if (error instanceof OperationProcessingError && error.cause instanceof Response)
    return error.cause.status < 400 || error.cause.status === 502 || error.cause.status === 504;
  return !isUnsent(error);
}

const UNSENT: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
]);

function isUnsent(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return ('code' in error && UNSENT.has(error.code)) || isUnsent(error.cause);
}

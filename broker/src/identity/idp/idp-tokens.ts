// The conversation with the IdP: makes the URL to which a person is sent, and exchanges the code that they come back with for verified claims
// (authorization code with PKCE, RFC 6749 and RFC 7636; OpenID Connect Core, section 3.1). Every deviation is a refusal.
import { jwtVerify, errors as joseErrors } from 'jose';
import { GateError } from 'mcpgate-shared/error';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  Configuration,
  customFetch,
  fetchUserInfo,
  None,
  ResponseBodyError,
  type ClientAuth,
} from 'openid-client';
import { claimAt } from './idp-claims.ts';
import { idpFetch } from './idp-fetch.ts';
import type { IdpDocument, IdpMetadata } from './idp-metadata.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { refused, type Refusal } from './refusal.ts';

export const CLOCK_TOLERANCE_S = 60;
export const SIGNATURES = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** The oldest ID token that is accepted; a code is redeemed at once, so its ID token is new. */
const MAX_AGE_S = 3600;

/** With which a token endpoint says that it does not take the client (RFC 6749, section 5.2). */
const CLIENT_ERRORS: ReadonlySet<string> = new Set(['invalid_client', 'unauthorized_client']);
const NO_VERIFIER = 'a'.repeat(43);

/** The secrets of one sign-in, which the browser holds or which are derived from its secret. */
export interface Attempt {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface IdpTokens {
  /**
   * The URL to which the person is sent. `again`: the IdP is to ask them anew, whoever it knows in this browser, and to say when it did; `login`: it is
   * to ask who signs in. Throws what `IdpMetadata.read` throws.
   */
  authorizationUrl(attempt: Attempt, ask?: 'again' | 'login'): Promise<URL>;
  /** Exchanges the code in the query with which the IdP sent the person back: for verified claims, and the ID token itself. */
  redeem(
    query: URLSearchParams,
    attempt: Attempt,
  ): Promise<
    { kind: 'ok'; claims: Readonly<Record<string, unknown>>; idToken: string; refreshToken: string | null } | Refusal
  >;
  /**
   * Whether the IdP knows this client by its secret, without anybody who signs in: it is shown a code that it has never given, and it is the client
   * that it looks at first (RFC 6749, section 5.2). `unknown`: it said something else.
   */
  checkClient(): Promise<{ kind: 'ok' } | { kind: 'unknown'; detail: string } | Refusal>;
  explain(error: unknown): Refusal;
}

export function createIdpTokens(options: {
  settings: IdpSettings;
  metadata: IdpMetadata;
  redirectUri: string;
}): IdpTokens {
  const { settings, metadata, redirectUri } = options;
  const { label, issuer, clientId } = settings;

  const configure = async ({ server }: IdpDocument): Promise<Configuration> => {
    const client = { [clockTolerance]: CLOCK_TOLERANCE_S };
    const auth = await clientAuth(settings, server.token_endpoint_auth_methods_supported);
    const configuration = new Configuration(server, clientId, client, auth);
    configuration[customFetch] = idpFetch;
    if (new URL(issuer).protocol === 'http:') allowInsecureRequests(configuration);
    return configuration;
  };

  const redeem = async (query: URLSearchParams, attempt: Attempt) => {
    const document = await metadata.read();
    const configuration = await configure(document);
    const tokens = await authorizationCodeGrant(configuration, new URL(`${redirectUri}?${query.toString()}`), {
      pkceCodeVerifier: attempt.codeVerifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    // openid-client relies on the TLS of the token endpoint. The signature is verified besides: somebody who can break that TLS lacks the IdP's keys.
    const idToken = tokens.id_token ?? '';
    const refreshToken = tokens.refresh_token ?? null;
    const { payload } = await jwtVerify(idToken, document.keys, {
      issuer,
      audience: clientId,
      algorithms: SIGNATURES,
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: MAX_AGE_S,
    });
    const { nameClaim, emailClaim, groupsClaim, workspaceClaim } = settings;
    const wanted = [nameClaim, emailClaim, groupsClaim, workspaceClaim].filter((name) => name !== undefined);
    const complete = wanted.every((name) => claimAt(payload, name) !== undefined);
    if (complete || document.server.userinfo_endpoint === undefined || payload.sub === undefined)
      return { claims: payload, idToken, refreshToken };
    const more = await fetchUserInfo(configuration, tokens.access_token, payload.sub);
    return { claims: { ...more, ...payload }, idToken, refreshToken };
  };

  const explain = (error: unknown): Refusal => {
    const detail = detailOf(error);
    switch (reasonOf(error)) {
      case 'denied':
        return refused('denied', `${label} did not let you in, or you said no there.`, detail);
      case 'unreachable':
        return refused('unreachable', `${label} cannot be reached now. Try again in a moment.`, detail);
      case 'clock':
        return refused(
          'clock',
          `The clocks of ${label} and of this broker differ by more than a minute. Ask your platform team.`,
          detail,
        );
      case 'code':
        return refused('code', `${label} does not accept this sign-in any more. Start again.`, detail);
      case 'misconfigured':
        return refused(
          'misconfigured',
          `Signing in with ${label} is not set up right. Ask your platform team.`,
          detail,
        );
      default:
        return refused('token', `What ${label} sent could not be verified, so nobody was let in.`, detail);
    }
  };

  return {
    explain,
    async authorizationUrl({ state, nonce, codeVerifier }, ask) {
      const { server } = await metadata.read();
      const configuration = new Configuration(server, clientId, undefined, None());
      if (new URL(issuer).protocol === 'http:') allowInsecureRequests(configuration);
      return buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: settings.scopes.join(' '),
        state,
        nonce,
        code_challenge: await calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
        // `max_age` too, because with it the ID token must say when the person was asked (OpenID Connect Core, section 3.1.2.1).
        ...(ask !== undefined && { prompt: 'login' }),
        ...(ask === 'again' && { max_age: '0' }),
      });
    },
    async checkClient() {
      try {
        const document = await metadata.read();
        const query = new URLSearchParams({ code: 'mcpgate-checks-its-client', state: 'check' });
        if (document.server.authorization_response_iss_parameter_supported === true) query.set('iss', issuer);
        await authorizationCodeGrant(await configure(document), new URL(`${redirectUri}?${query.toString()}`), {
          pkceCodeVerifier: NO_VERIFIER,
          expectedState: 'check',
        });
        return { kind: 'unknown', detail: 'it takes a code that it has never given' };
      } catch (error) {
        assertOfIdp(error);
        if (error instanceof ResponseBodyError && error.error === 'invalid_grant') return { kind: 'ok' };
        const refusal = explain(error);
        const isTold = error instanceof ResponseBodyError && error.status < 500;
        if (isTold && !CLIENT_ERRORS.has(error.error)) return { kind: 'unknown', detail: detailOf(error) };
        return refusal;
      }
    },
    async redeem(query, attempt) {
      try {
        return { kind: 'ok', ...(await redeem(query, attempt)) };
      } catch (error) {
        assertOfIdp(error);
        const refusal = explain(error);
        if (refusal.reason === 'token') metadata.forget();
        return refusal;
      }
    },
  };
}

/** HTTP Basic, unless the IdP lists its methods without it (OpenID Connect Discovery, section 3). */
export async function clientAuth(
  { clientSecret }: IdpSettings,
  methods: readonly string[] | undefined = ['client_secret_basic'],
): Promise<ClientAuth> {
  if (clientSecret === undefined) return None();
  const secret = await clientSecret();
  return methods.includes('client_secret_basic') || !methods.includes('client_secret_post')
    ? ClientSecretBasic(secret)
    : ClientSecretPost(secret);
}

/** An error of the store or the vault is not one of the IdP. */
function assertOfIdp(error: unknown): void {
  if (error instanceof GateError && ['unavailable', 'internal'].includes(error.code)) throw error;
}

function reasonOf(error: unknown): 'denied' | 'unreachable' | 'clock' | 'code' | 'misconfigured' | 'token' {
  if (error instanceof GateError) return error.code === 'unreachable' ? 'unreachable' : 'misconfigured';
  if (error instanceof AuthorizationResponseError) {
    if (['access_denied', 'login_required', 'interaction_required', 'consent_required'].includes(error.error))
      return 'denied';
    return ['server_error', 'temporarily_unavailable'].includes(error.error) ? 'unreachable' : 'misconfigured';
  }
  if (error instanceof ResponseBodyError) {
    if (error.status >= 500) return 'unreachable';
    return error.error === 'invalid_grant' ? 'code' : 'misconfigured';
  }
  if (error instanceof joseErrors.JWTExpired) return 'clock';
  if (error instanceof joseErrors.JWTClaimValidationFailed)
    return ['iat', 'nbf', 'exp'].includes(error.claim) && error.reason === 'check_failed' ? 'clock' : 'token';
  if (error instanceof joseErrors.JOSEError && ['ERR_JWKS_TIMEOUT', 'ERR_JOSE_GENERIC'].includes(error.code))
    return 'unreachable';
  if (error instanceof ClientError) {
    if (error.code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return 'clock';
    if (error.code === 'OAUTH_TIMEOUT') return 'unreachable';
    if (error.cause instanceof GateError) return reasonOf(error.cause);
    if (error.cause instanceof Response && error.cause.status >= 500) return 'unreachable';
  }
  return 'token';
}

/** The messages of an error and its causes, for the log; the causes hold tokens, which their messages do not. */
function detailOf(error: unknown): string {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError)
    return `${error.error}${error.error_description === undefined ? '' : `: ${error.error_description}`}`.slice(0, 300);
  if (!(error instanceof Error)) return 'unknown';
  const cause = error.cause instanceof Error && error.cause.message !== error.message ? detailOf(error.cause) : '';
  return [error.message, cause].filter(Boolean).join(': ').slice(0, 300);
}

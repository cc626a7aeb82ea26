// Speaks OAuth 2.1 with the broker as authorization server: discovery (RFC 8414), device authorization (RFC 8628), refresh and revocation
// (RFC 7009), with openid-client. Loaded only when a token has to be fetched. Expected answers are returned as unions, not thrown.
import * as oauth from 'openid-client';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { isLoopback } from './broker-url.ts';
import { foreignAnswerError } from './foreign-answer.ts';
import type { HttpFetch } from './http-fetch.ts';
import { networkFailure } from './network-failure.ts';

const CLIENT_ID = 'mcpgate-cli';
const REQUEST_TIMEOUT_S = 20;

export interface DeviceCode {
  deviceCode: string;
  userCode: string;
  verificationUri: string;
  /** The page's address with the code in it, or the plain address where the broker gives no other. */
  verificationUriComplete: string;
  expiresInS: number;
  intervalS: number;
}

export interface Tokens {
  accessToken: string;
  refreshToken: string | undefined;
  /** When the access token ends: ms since the epoch, by this machine's clock. */
  expiresAt: number;
  /** The claims of the id_token that mcpgate uses. */
  user: string | undefined;
  workspace: string | undefined;
  deviceId: string | undefined;
}

export type PollResult =
  { kind: 'tokens'; tokens: Tokens } | { kind: 'denied' } | { kind: 'expired' } | { kind: 'retry'; error: GateError };

export type RefreshResult =
  | { kind: 'tokens'; tokens: Tokens }
  /** The broker answered `invalid_grant`: the login has ended. */
  | { kind: 'ended' }
  | { kind: 'retry'; error: GateError };

export interface OAuthClient {
  /** The broker's issuer, an origin. */
  readonly broker: string;
  /** By how much this machine's clock is behind the broker's (negative: ahead), by the last `Date` header. */
  clockSkewMs(): number;
  startDeviceLogin(parameters: Record<string, string>): Promise<DeviceCode>;
  /** Polls until the person has decided. `retry`: the network failed, and the code is still valid. */
  pollDeviceLogin(code: DeviceCode, signal: AbortSignal): Promise<PollResult>;
  refresh(refreshToken: string, parameters: Record<string, string>): Promise<RefreshResult>;
  /** Revokes the refresh token and its access tokens. Throws `unreachable` and the like. */
  revoke(token: string): Promise<void>;
}

/** Discovers the broker at `origin`. Throws `unreachable`, `untrusted`, or `protocol` where another program answers. */
export async function createOAuthClient(
  origin: string,
  { fetch, clock }: { fetch: HttpFetch; clock: Clock },
): Promise<OAuthClient> {
  let skewMs = 0;
  const observed = async (url: string, request: oauth.CustomFetchOptions): Promise<Response> => {
    const { body, ...rest } = request;
    const form = typeof body === 'string' || body instanceof URLSearchParams ? body : undefined;
    const response = await fetch(url, { ...rest, body: form });
    const date = Date.parse(response.headers.get('date') ?? '');
    if (!Number.isNaN(date)) skewMs = date - clock.now();
    return response;
  };
  const discovered = await discover(origin, observed);
  const server = discovered.serverMetadata();
  const broker = new URL(server.issuer).origin;
  const resource = `${broker}/v1/tunnel`;
  /** Made anew for each use with the clock skew known by then, so that a wrong clock on this machine does not refuse the broker's id_token. */
  const configured = (): oauth.Configuration => {
    const metadata = { [oauth.clockSkew]: Math.round(skewMs / 1000) };
    const config = new oauth.Configuration(server, CLIENT_ID, metadata, oauth.None());
    config[oauth.customFetch] = observed;
    config.timeout = REQUEST_TIMEOUT_S;
    if (isLoopback(new URL(broker))) oauth.allowInsecureRequests(config);
    return config;
  };
  const tokensOf = (answer: oauth.TokenEndpointResponse & oauth.TokenEndpointResponseHelpers): Tokens => {
    const claims = answer.claims();
    const claim = (name: string): string | undefined => {
      const value = claims?.[name];
      return typeof value === 'string' ? value : undefined;
    };
    return {
      accessToken: answer.access_token,
      refreshToken: answer.refresh_token,
      expiresAt: clock.now() + (answer.expires_in ?? 300) * 1000,
      user: claim('preferred_username') ?? claim('sub'),
      workspace: claim('workspace'),
      deviceId: claim('device_id'),
    };
  };
  return {
    broker,
    clockSkewMs: () => skewMs,
    async startDeviceLogin(parameters) {
      try {
        const started = await oauth.initiateDeviceAuthorization(configured(), {
          scope: 'openid offline_access',
          resource,
          ...parameters,
        });
        return {
          deviceCode: started.device_code,
          userCode: started.user_code,
          verificationUri: started.verification_uri,
          verificationUriComplete: started.verification_uri_complete ?? started.verification_uri,
          expiresInS: started.expires_in,
          intervalS: started.interval ?? 5,
        };
      } catch (error) {
        throw oauthFailure(broker, error);
      }
    },
    async pollDeviceLogin(code, signal) {
      const answer = {
        device_code: code.deviceCode,
        user_code: code.userCode,
        verification_uri: code.verificationUri,
        expires_in: code.expiresInS,
        interval: code.intervalS,
      };
      try {
        const tokens = await oauth.pollDeviceAuthorizationGrant(configured(), answer, { resource }, { signal });
        return { kind: 'tokens', tokens: tokensOf(tokens) };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const said = error instanceof oauth.ResponseBodyError ? error.error : undefined;
        if (said === 'access_denied') return { kind: 'denied' };
        if (said === 'expired_token' || said === 'invalid_grant') return { kind: 'expired' };
        const failure = oauthFailure(broker, error);
        if (isPassing(error, failure)) return { kind: 'retry', error: failure };
        throw failure;
      }
    },
    async refresh(refreshToken, parameters) {
      try {
        const tokens = await oauth.refreshTokenGrant(configured(), refreshToken, { resource, ...parameters });
        return { kind: 'tokens', tokens: tokensOf(tokens) };
      } catch (error) {
        if (error instanceof oauth.ResponseBodyError && error.error === 'invalid_grant') return { kind: 'ended' };
        return { kind: 'retry', error: oauthFailure(broker, error) };
      }
    },
    async revoke(token) {
      try {
        await oauth.tokenRevocation(configured(), token, { token_type_hint: 'refresh_token' });
      } catch (error) {
        throw oauthFailure(broker, error);
      }
    },
  };
}

async function discover(origin: string, fetch: oauth.CustomFetch): Promise<oauth.Configuration> {
  const run = (url: URL): Promise<oauth.Configuration> =>
    oauth.discovery(url, CLIENT_ID, undefined, oauth.None(), {
      [oauth.customFetch]: fetch,
      timeout: REQUEST_TIMEOUT_S,
      execute: isLoopback(url) && url.protocol === 'http:' ? [oauth.allowInsecureRequests] : [],
    });
  try {
    return await run(new URL(origin));
  } catch (error) {
    const issuer = otherIssuer(error);
    if (issuer === undefined) throw oauthFailure(origin, error);
    // To a person, `localhost` and `127.0.0.1` are the same broker.
    if (isLoopback(issuer) && isLoopback(new URL(origin))) return run(issuer);
    throw new GateError('usage', `the broker at ${origin} calls itself ${issuer.origin}; use that URL`, {
      cause: error,
    });
  }
}

/** The issuer in a discovery document, where it differs from the one that was asked. */
function otherIssuer(error: unknown): URL | undefined {
  if (!(error instanceof oauth.ClientError) || error.code !== 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED')
    return undefined;
  const { cause } = error;
  const body = typeof cause === 'object' && cause !== null && 'body' in cause ? cause.body : undefined;
  const issuer = typeof body === 'object' && body !== null && 'issuer' in body ? body.issuer : undefined;
  return typeof issuer === 'string' && URL.canParse(issuer) ? new URL(issuer) : undefined;
}

/** Whether trying again later can help: no network, a broker that restarts, a captive portal. */
function isPassing(error: unknown, failure: GateError): boolean {
  if (failure.code === 'unreachable' || failure.code === 'unavailable') return true;
  return error instanceof oauth.ClientError;
}

function oauthFailure(broker: string, error: unknown): GateError {
  if (error instanceof GateError) return error;
  if (error instanceof oauth.ResponseBodyError) {
    const detail = error.error_description ?? error.error;
    if (error.status >= 500 || error.status === 429 || error.error === 'temporarily_unavailable') {
      return new GateError('unavailable', `${broker} cannot answer now (${error.status} ${detail}); try again`, {
        cause: error,
      });
    }
    return new GateError('protocol', `${broker} refused: ${detail}`, { cause: error });
  }
  if (error instanceof oauth.ClientError) {
    const response = error.cause instanceof Response ? error.cause : undefined;
    if (error.code === 'OAUTH_TIMEOUT') return networkFailure(broker, new DOMException('timed out', 'TimeoutError'));
    if (error.code?.startsWith('OAUTH_') === true) {
      const answer = {
        status: response?.status ?? 0,
        contentType: response?.headers.get('content-type'),
        location: response?.headers.get('location'),
      };
      return foreignAnswerError(broker, answer, error);
    }
  }
  return networkFailure(broker, error);
}

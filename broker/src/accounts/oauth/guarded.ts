// How authorization servers of others are talked to: by the guarded fetch, in the form that oauth4webapi wants, and with failures in words.
import { GateError } from 'mcpgate-shared/error';
import {
  allowInsecureRequests,
  AuthorizationResponseError,
  customFetch,
  OperationProcessingError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';

interface FetchOptions {
  method: string;
  headers: Record<string, string>;
  body?: URLSearchParams | string | null | undefined;
}

/** What every function of oauth4webapi is given. TLS is the guarded fetch's to ask for. */
export interface OAuthFetch {
  [customFetch]: (url: string, options: FetchOptions) => Promise<Response>;
  [allowInsecureRequests]: true;
}

/** `namedHost`: of the server whose account it is, which an administrator has registered. */
export function oauthFetch(guardedFetch: GuardedFetch, namedHost: string): OAuthFetch {
  return {
    async [customFetch](url, { method, headers, body }) {
      const answer = await guardedFetch(url, {
        method: method === 'POST' ? 'POST' : 'GET',
        headers,
        namedHost,
        ...(body === undefined || body === null ? {} : { body: typeof body === 'string' ? body : body.toString() }),
      });
      const { status } = answer;
      const text = answer.body.toString();
      return new Response([204, 205, 304].includes(status) ? null : text, {
        status: status === 200 && isErrorInDisguise(text) ? 400 : status,
        headers: answer.headers,
      });
    },
    [allowInsecureRequests]: true,
  };
}

/** GitHub answers token requests that failed with 200. */
function isErrorInDisguise(text: string): boolean {
  return (
    /^\s*\{/.test(text) &&
    /"error"\s*:\s*"/.test(text) &&
    !text.includes('"access_token"') &&
    !text.includes('"issuer"')
  );
}

/** What an authorization server said no with; undefined: it gave no answer that can be understood. */
export function oauthErrorOf(error: unknown): { code: string; said: string } | undefined {
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    const { error: code, error_description: description } = error;
    return { code, said: quoteForeign(description === undefined ? code : `${code}: ${description}`) };
  }
  if (!(error instanceof WWWAuthenticateChallengeError)) return undefined;
  const code = error.cause.map(({ parameters }) => parameters.error).find((each) => each !== undefined);
  return { code: code ?? 'invalid_client', said: quoteForeign(code ?? `HTTP ${error.status}`) };
}

/** The status of an answer that was no good. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) return error.status;
  return error instanceof OperationProcessingError && error.cause instanceof Response ? error.cause.status : undefined;
}

/** The same failure in words, about `who`. */
export function explain(error: unknown, who: string): GateError {
  if (error instanceof GateError) return new GateError(error.code, `${who}: ${error.message}`, { cause: error });
  const said = oauthErrorOf(error)?.said;
  if (said !== undefined) return new GateError('upstream', `${who} refused: ${said}`, { cause: error });
  const status = statusOf(error);
  const what = status === undefined ? 'what cannot be understood' : `HTTP ${status}`;
  const later = status !== undefined && status >= 500 ? ', as it does not work now; try again later' : '';
  return new GateError('upstream', `${who} answered ${what}${later}`, { cause: error });
}

/** The same failure in words that name the server. */
export function aboutServer(error: unknown, name: string): GateError {
  const isSaid = error instanceof GateError && error.message.includes(`server ${name}`);
  return isSaid ? error : explain(error, `server ${name}`);
}

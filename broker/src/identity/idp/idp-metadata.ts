// The IdP's discovery document and its keys. Both are kept for a while, and fetched again when a token does not fit them. An IdP that does not answer
// when the broker starts is tried again until it does.
import { createRemoteJWKSet, customFetch as keyFetch } from 'jose';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { allowInsecureRequests, customFetch, discovery, None, type ServerMetadata } from 'openid-client';
import type { Log } from '../../domain/log.ts';
import { idpFetch, isSafeIdpUrl } from './idp-fetch.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';

const KEEP_MS = 3_600_000;
const RETRY_MS = 15_000;
/** The keys are fetched again for a token with an unknown one, but no more often than this: anybody can send such a token. */
const KEYS_PAUSE_MS = 1_000;
const KEYS_KEEP_MS = 600_000;

export interface IdpDocument {
  server: ServerMetadata;
  keys: ReturnType<typeof createRemoteJWKSet>;
}

/** What the broker has of the IdP; times in ms since the epoch. */
export interface IdpSeen {
  /** When its document was last read. */
  documentAt: number | null;
  /** Why it could not be read the last time. */
  problem: string | null;
  /** When its keys were last read: they are for the first token. */
  keysAt: number | null;
  /** By how much its clock went before ours when its document was last read, as its `Date` header says in whole seconds; null: it says nothing. */
  clockAheadMs: number | null;
}

export interface IdpMetadata {
  seen(): IdpSeen;
  /** Throws `unreachable` (the IdP does not answer), `config` (its document contradicts the configuration). */
  read(): Promise<IdpDocument>;
  /** The document does not fit what the IdP does: the next `read` fetches it again. */
  forget(): void;
  close(): void;
}

export function createIdpMetadata(options: {
  settings: Pick<IdpSettings, 'issuer' | 'clientId'>;
  clock: Clock;
  log: Log;
}): IdpMetadata {
  const { settings, clock, log } = options;
  const { issuer } = settings;
  let kept: { document: IdpDocument; at: number } | undefined;
  let stale = false;
  let asking: Promise<IdpDocument> | undefined;
  let stopRetry = (): void => {};
  let closed = false;
  let problem: string | null = null;
  let keysAt: number | null = null;
  let clockAheadMs: number | null = null;

  const ask = async (): Promise<IdpDocument> => {
    let server: ServerMetadata;
    try {
      server = await discover(settings, (date) => {
        const at = Date.parse(date ?? '');
        clockAheadMs = Number.isNaN(at) ? null : at - clock.now();
      });
      problem = null;
    } catch (error) {
      problem = toGateError(error).message;
      throw error;
    }
    const keys = keysOf(server, kept?.document, () => (keysAt = clock.now()));
    kept = { document: { server, keys }, at: clock.now() };
    stale = false;
    return kept.document;
  };

  const read = async (): Promise<IdpDocument> => {
    if (kept !== undefined && !stale && clock.now() - kept.at < KEEP_MS) return kept.document;
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    try {
      return await asking;
    } catch (error) {
      // The IdP does not answer now. Its last document still holds, and tokens are verified with its keys.
      if (kept !== undefined && error instanceof GateError && error.code === 'unreachable') return kept.document;
      throw error;
    }
  };

  const greet = (first: boolean): void => {
    read().then(
      () => log.info({ issuer }, 'the company’s IdP answers'),
      (error: unknown) => {
        if (closed) return;
        if (first) log.warn({ issuer, err: error }, 'the company’s IdP cannot be used yet; it is tried again');
        stopRetry = clock.after(RETRY_MS, () => greet(false));
      },
    );
  };
  greet(true);

  return {
    seen: () => ({ documentAt: kept?.at ?? null, problem, keysAt, clockAheadMs }),
    read,
    forget() {
      stale = true;
    },
    close() {
      closed = true;
      stopRetry();
    },
  };
}

async function discover(
  { issuer, clientId }: Pick<IdpSettings, 'issuer' | 'clientId'>,
  onDate: (date: string | null) => void,
): Promise<ServerMetadata> {
  let server: ServerMetadata;
  try {
    const insecure = new URL(issuer).protocol === 'http:' ? [allowInsecureRequests] : [];
    const fetched: typeof idpFetch = async (url, init) => {
      const response = await idpFetch(url, init);
      onDate(response.headers.get('date'));
      return response;
    };
    const options = { [customFetch]: fetched, execute: insecure };
    server = (await discovery(new URL(issuer), clientId, undefined, None(), options)).serverMetadata();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof GateError) throw cause;
    if (cause instanceof Response && cause.status >= 500)
      throw new GateError('unreachable', `${issuer} answered HTTP ${cause.status}`, { cause: error });
    const status = cause instanceof Response ? ` (HTTP ${cause.status})` : '';
    const text = `${issuer} has no discovery document with this very issuer${status}; see oidc.issuer in the configuration`;
    throw new GateError('config', text, { cause: error });
  }
  const { authorization_endpoint: page, token_endpoint: token, jwks_uri: keys } = server;
  for (const [name, url] of Object.entries({ authorization_endpoint: page, token_endpoint: token, jwks_uri: keys })) {
    if (url === undefined || !isSafeIdpUrl(url))
      throw new GateError('config', `the discovery document of ${issuer} has no ${name} with TLS`);
  }
  // Compared as a whole: openid-client forgives a slash at the end.
  if (server.issuer !== issuer)
    throw new GateError('config', `${issuer} calls itself ${server.issuer.slice(0, 200)}: write that as oidc.issuer`);
  return server;
}

/** The key set of the document before, where the keys' URL is the same, so that reading the document again does not fetch the keys more often. */
function keysOf(server: ServerMetadata, before: IdpDocument | undefined, onRead: () => void): IdpDocument['keys'] {
  if (before !== undefined && before.server.jwks_uri === server.jwks_uri) return before.keys;
  return createRemoteJWKSet(new URL(server.jwks_uri ?? ''), {
    async [keyFetch](url: string, init: RequestInit & { headers: Headers; method: 'GET' }) {
      const response = await idpFetch(url, {
        method: init.method,
        headers: Object.fromEntries(init.headers.entries()),
        body: null,
        redirect: 'manual',
        ...(init.signal ? { signal: init.signal } : {}),
      });
      if (response.ok) onRead();
      return response;
    },
    cooldownDuration: KEYS_PAUSE_MS,
    cacheMaxAge: KEYS_KEEP_MS,
  });
}

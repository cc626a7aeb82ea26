// HTTP clients that no administrator has set up: those that register themselves (RFC 7591), and those whose id is the URL of a document that
// describes them. This is the provider's configuration for them, the throttles that bound what strangers can make it do, and the few parameters of
// an authorization request that count.
import { interactionPolicy, type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { randomBytes } from 'node:crypto';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { createAddressThrottle, createSharedThrottle } from '../throttle.ts';
import { narrowClientMetadata } from './client-metadata.ts';
import { CLI_CLIENT_ID, MCP_SCOPE } from './oauth-settings.ts';
import { refusedRegistration } from './registration-body.ts';
import type { Registrations } from './registrations.ts';
import { withCanonicalResource } from './resources.ts';

const WINDOW_S = 15 * 60;
const CONSENT_PATH = '/consent';
const REGISTRATION_PATH = '/oauth/register';
/** The parameters of an authorization request that are passed on. All others are dropped: no ID tokens, no other response modes. */
const AUTHORIZATION_PARAMS = [
  ...['client_id', 'redirect_uri', 'response_type', 'state', 'resource', 'code_challenge', 'code_challenge_method'],
];

/** Requests that begin a login, each of which leaves a row in the store. They are throttled by address, by its networks, and all together. */
const BEGINS_LOGIN: ReadonlySet<string> = new Set(['/oauth/auth', '/oauth/device_authorization']);
const LOGINS = { ofAddress: 300, ofSite: 1_000, ofProvider: 5_000, ofAll: 20_000, windowS: WINDOW_S };
/** When a client may try again whose registration was refused because there are too many. */
const CROWDED_MS = 10 * 60_000;

type Koa = Pick<KoaContextWithOIDC, 'path' | 'method' | 'query' | 'req' | 'status' | 'body' | 'set'>;

export interface WebClients {
  /** For the provider's configuration: its `features`. */
  readonly features: Pick<NonNullable<Configuration['features']>, 'registration' | 'clientIdMetadataDocument'>;
  /** For the provider's configuration: the rest. */
  readonly configuration: Pick<
    Configuration,
    'clientBasedCORS' | 'extraClientMetadata' | 'fetch' | 'interactions' | 'pkce' | 'renderError'
  >;
  /** Throttles a request and drops its superfluous parameters. False: the request has been answered, with 429 or 400, or as a preflight. */
  admit(ctx: Koa): Promise<boolean>;
}

/** Answers the request with 429; returns false, for `admit`. */
function refuse(ctx: Koa, retryAfterMs: number, why: string): false {
  ctx.status = 429;
  ctx.set('retry-after', String(Math.ceil(retryAfterMs / 1000)));
  ctx.body = { error: 'temporarily_unavailable', error_description: why };
  return false;
}

const { Check, Prompt } = interactionPolicy;

/** A person must approve every login of a client on the broker's consent page. */
const consentPolicy = () => [
  new Prompt(
    { name: 'consent', requestable: true },
    new Check('consent_missing', 'a person has to agree first', 'consent_required', (ctx) =>
      ctx.oidc.result?.consent === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
    ),
  ),
];

export function createWebClients({
  issuer,
  guardedFetch,
  allowedOrigins,
  addressOf,
  registrations,
  isOfCompany,
}: {
  issuer: string;
  guardedFetch: GuardedFetch;
  allowedOrigins: readonly string[];
  addressOf: (request: Koa['req']) => string;
  registrations: Pick<Registrations, 'hasRoom'>;
  /** Whether the configuration names a client of this id, which nobody describes from outside. */
  isOfCompany: (clientId: string) => boolean;
}): WebClients {
  const registered = createAddressThrottle({ tries: 20, windowS: WINDOW_S });
  const logins = createSharedThrottle(LOGINS);
  const origins = new Set(allowedOrigins);
  const documents = createAddressThrottle({ tries: 30, windowS: WINDOW_S });

  return {
    features: {
      registration: {
        enabled: true,
        issueRegistrationAccessToken: false,
        idFactory: () => `client-${randomBytes(16).toString('hex')}`,
      },
      clientIdMetadataDocument: {
        enabled: true,
        ack: 'draft-02',
        allowFetch: async (ctx) => documents.hit(addressOf(ctx.req)) === 0,
        cacheDuration: { min: 60, max: 86_400 },
      },
    },
    configuration: {
      extraClientMetadata: {
        properties: ['software_id'],
        validator(_ctx, _key, _value, metadata) {
          if (metadata.client_id !== CLI_CLIENT_ID && !isOfCompany(metadata.client_id)) narrowClientMetadata(metadata);
        },
      },
      async fetch(input) {
        const { status, headers, body } = await guardedFetch(input instanceof Request ? input.url : input.toString(), {
          headers: { accept: 'application/json' },
        });
        // Redirects are not followed; the provider refuses an answer that is not 200.
        return new Response(status === 200 ? new Uint8Array(body) : null, { status, headers });
      },
      interactions: { policy: consentPolicy(), url: (_ctx, interaction) => `${CONSENT_PATH}/${interaction.uid}` },
      clientBasedCORS: (_ctx, origin) => origins.has(origin),
      pkce: { required: () => true },
      renderError(ctx, out) {
        if (
          (ctx.oidc?.route === 'authorization' || ctx.oidc?.route === 'resume') &&
          ctx.accepts('json', 'html') === 'html'
        ) {
          ctx.status = 303;
          ctx.redirect(`${CONSENT_PATH}?problem=${encodeURIComponent(out.error)}`);
          return;
        }
        ctx.type = 'application/json';
        ctx.body = out;
      },
    },
    async admit(ctx) {
      const { origin } = ctx.req.headers;
      if (ctx.path === REGISTRATION_PATH && origin !== undefined && origins.has(origin)) {
        // The provider does not answer cross-origin requests to its registration, so that is done here.
        ctx.set({
          'access-control-allow-origin': origin,
          vary: 'origin',
          'access-control-allow-headers': 'content-type',
        });
        if (ctx.method === 'OPTIONS') {
          ctx.status = 204;
          return false;
        }
      }
      if (ctx.path === REGISTRATION_PATH && ctx.method === 'POST') {
        const retryAfterMs = registered.hit(addressOf(ctx.req));
        if (retryAfterMs > 0) return refuse(ctx, retryAfterMs, 'too many clients were registered from here');
        if (!(await registrations.hasRoom()))
          return refuse(ctx, CROWDED_MS, 'too many clients were registered here lately');
        const why = await refusedRegistration(ctx.req);
        if (why === undefined) return true;
        ctx.status = 400;
        ctx.set('cache-control', 'no-store');
        ctx.body = { error: 'invalid_request', error_description: why };
        return false;
      }
      if (BEGINS_LOGIN.has(ctx.path)) {
        const retryAfterMs = logins.hit(addressOf(ctx.req));
        if (retryAfterMs > 0) return refuse(ctx, retryAfterMs, 'too many logins were begun from here');
      }
      if (ctx.path === '/oauth/auth') {
        const { prompt } = ctx.query;
        const kept = AUTHORIZATION_PARAMS.flatMap((name) => {
          const value = ctx.query[name];
          if (value === undefined) return [];
          return [[name, name === 'resource' ? withCanonicalResource(value, issuer) : value] as const];
        });
        ctx.query = { ...Object.fromEntries(kept), scope: MCP_SCOPE, ...(prompt === 'none' && { prompt }) };
      }
      return true;
    },
  };
}

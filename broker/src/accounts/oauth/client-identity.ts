// Chooses the OAuth client as which the broker asks an authorization server for tokens: the client that an administrator registered, else the
// broker's metadata document, else a dynamic registration, one per workspace and authorization server.
import { createHash } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import { type AuthorizationServer, type ClientAuth, ClientSecretPost, customFetch, None } from 'oauth4webapi';
import { z } from 'zod';
import type { OAuthForm } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { explain, type OAuthFetch } from './guarded.ts';

/** Below it, each authorization server has a callback of its own. */
export const CALLBACK_PATH = '/oauth/upstream/callback';
/** Below it, the broker describes itself to each authorization server. */
export const CLIENT_DOCUMENT_PATH = '/oauth/upstream/client';

const METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;
type Method = (typeof METHODS)[number];

export const OAuthClientSchema = z.object({
  id: z.string(),
  method: z.enum(METHODS),
  /** Null: it has none, or it is in the vault. */
  secret: z.string().nullable(),
});
export type OAuthClient = z.output<typeof OAuthClientSchema>;

const RegisteredSchema = z.object({
  client_id: z.string().min(1).max(2_000),
  client_secret: z.string().max(4_000).optional(),
  /** Seconds since the epoch; 0: never. */
  client_secret_expires_at: z.number().optional(),
  token_endpoint_auth_method: z.enum(METHODS).optional().catch(undefined),
});

export interface ClientIdentities {
  /** The document at `CLIENT_DOCUMENT_PATH/OF`; undefined where `of` is for no issuer. */
  document(of: string): Readonly<Record<string, unknown>> | undefined;
  /**
   * Each issuer's own: where one came back to another's, it would have brought the code of one provider to the token endpoint of another
   * (RFC 9700, section 4.4.2.2).
   */
  redirectUri(issuer: string): string;
  /** Registers where nothing else goes. Throws GateError in words for whoever connects. */
  clientFor(
    at: { server: AuthorizationServer; workspaceId: string; serverName: string; form: OAuthForm },
    fetch: OAuthFetch,
  ): Promise<OAuthClient>;
  /** How it proves itself at the token endpoint. */
  proofOf(client: OAuthClient, server: Pick<ServerRecord, 'workspaceId' | 'account'>): Promise<ClientAuth>;
  /** The authorization server does not know it any more. */
  forget(workspaceId: string, issuer: string): Promise<void>;
}

export function createClientIdentities(options: {
  store: Pick<Store, 'oauthRegistrations'>;
  vault: Pick<Vault, 'seal' | 'open' | 'resolve'>;
  /** Where people and authorization servers reach this broker: an origin. */
  publicUrl: string;
  now: () => number;
}): ClientIdentities {
  const { store, vault, publicUrl, now } = options;
  const redirectUri = (issuer: string): string => redirectUriAt(publicUrl, issuer);
  const isSecure = publicUrl.startsWith('https:');
  const about = {
    client_name: 'mcpgate',
    client_uri: publicUrl,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    // Only on one's own computer is a callback without TLS (RFC 8252, section 7.3).
    application_type: isSecure ? 'web' : 'native',
  };
  const documentUrl = (of: string): string => `${publicUrl}${CLIENT_DOCUMENT_PATH}/${of}`;

  const purposeOf = (workspaceId: string, issuer: string): string => `oauth registration ${workspaceId} ${issuer}`;

  async function known(workspaceId: string, issuer: string): Promise<OAuthClient | undefined> {
    const sealed = await store.oauthRegistrations.find(workspaceId, issuer, redirectUri(issuer));
    if (sealed === undefined) return undefined;
    const text = Buffer.from(await vault.open(purposeOf(workspaceId, issuer), sealed)).toString();
    const { endsAt, ...client } = OAuthClientSchema.extend({ endsAt: z.number().nullable() }).parse(JSON.parse(text));
    return endsAt !== null && endsAt <= now() ? undefined : client;
  }

  async function register(
    server: AuthorizationServer,
    workspaceId: string,
    endpoint: string,
    fetch: OAuthFetch,
  ): Promise<OAuthClient> {
    const method = methodFor(server, true);
    const body = JSON.stringify({
      ...about,
      redirect_uris: [redirectUri(server.issuer)],
      token_endpoint_auth_method: method,
    });
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const who = `the registration at ${server.issuer}`;
    const answer = await fetch[customFetch](endpoint, { method: 'POST', headers, body }).catch((error: unknown) => {
      throw explain(error, who);
    });
    const text = await answer.text();
    const registered = answer.ok ? RegisteredSchema.safeParse(parseRecord(text)) : undefined;
    if (registered?.success !== true)
      throw new GateError(
        'upstream',
        `${who} failed (HTTP ${answer.status}); ${answer.status >= 500 ? 'it does not work now: try again later' : 'register a client by hand: --client-id'}`,
      );
    const { client_id: id, client_secret: secret, client_secret_expires_at: ends = 0 } = registered.data;
    const given = registered.data.token_endpoint_auth_method ?? method;
    const client: OAuthClient = { id, method: secret === undefined ? 'none' : given, secret: secret ?? null };
    const kept = Buffer.from(JSON.stringify({ ...client, endsAt: ends === 0 ? null : ends * 1_000 }));
    const { issuer } = server;
    await store.oauthRegistrations.put({
      ...{ workspaceId, issuer, redirectUri: redirectUri(issuer) },
      sealed: vault.seal(purposeOf(workspaceId, issuer), kept),
    });
    return client;
  }

  return {
    redirectUri,
    document(of) {
      if (!DIGEST.test(of)) return undefined;
      const callbacks = { redirect_uris: [`${publicUrl}${CALLBACK_PATH}/${of}`] };
      return { client_id: documentUrl(of), ...about, ...callbacks, token_endpoint_auth_method: 'none' };
    },
    async clientFor({ server, workspaceId, serverName, form }, fetch) {
      if (form.clientId !== undefined)
        return { id: form.clientId, method: methodFor(server, form.clientSecret !== undefined), secret: null };
      if (isSecure && server['client_id_metadata_document_supported'] === true)
        return { id: documentUrl(digestOf(server.issuer)), method: 'none', secret: null };
      const registered = await known(workspaceId, server.issuer);
      if (registered !== undefined) return registered;
      if (server.registration_endpoint !== undefined)
        return register(server, workspaceId, server.registration_endpoint, fetch);
      throw new GateError(
        'upstream',
        `${server.issuer} lets no client introduce itself: register one there with the redirect URI ${redirectUri(server.issuer)}, and say \`mcpgate-broker server set ${serverName} --oauth --client-id ID\``,
      );
    },
    async proofOf(client, { workspaceId, account }) {
      if (client.method === 'none') return None();
      const reference = account?.kind === 'oauth' ? (account.clientSecret ?? '') : '';
      const secret = client.secret ?? (await vault.resolve(workspaceId, reference)).value;
      return client.method === 'client_secret_basic' ? basicProof(secret) : ClientSecretPost(secret);
    },
    forget: (workspaceId, issuer) => store.oauthRegistrations.remove(workspaceId, issuer, redirectUri(issuer)),
  };
}

/** Where the authorization server `issuer` sends people back; undefined: one that is not known yet, which `DIGEST` stands for. */
export const redirectUriAt = (publicUrl: string, issuer: string | undefined): string =>
  `${publicUrl}${CALLBACK_PATH}/${issuer === undefined ? 'DIGEST' : digestOf(issuer)}`;

const DIGEST = /^[0-9a-f]{32}$/;
const digestOf = (issuer: string): string => createHash('sha256').update(issuer).digest('hex').slice(0, 32);

/**
 * RFC 6749, section 2.3.1, with each part encoded as a form is. oauth4webapi encodes `-`, `_` and `.` as well, which is right for whoever decodes;
 * but many authorization servers compare the parts as they came.
 */
export const basicProof =
  (secret: string): ClientAuth =>
  (_server, { client_id: id }, _body, headers) => {
    const [user, password] = [id, secret].map((part) => new URLSearchParams([['', part]]).toString().slice(1));
    headers.set('authorization', `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  };

/** The first of ours that it takes; RFC 8414 has `client_secret_basic` where it does not say. */
function methodFor({ token_endpoint_auth_methods_supported: taken }: AuthorizationServer, hasSecret: boolean): Method {
  if (!hasSecret) return 'none';
  return METHODS.find((method) => (taken ?? ['client_secret_basic']).includes(method)) ?? 'client_secret_basic';
}

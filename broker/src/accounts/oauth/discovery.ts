// Who gives tokens for a server, and how (MCP 2025-11-25 and 2026-07-28, "Authorization Server Discovery"): the server's challenge, or the
// well-known places of RFC 9728; then the authorization server's own metadata, RFC 8414 and OpenID Connect. A server of 2025-03-26 has no
// metadata of its own: its origin is its authorization server.
import { GateError } from 'mcpgate-shared/error';
import { LATEST_LEGACY_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { requestText } from 'mcpgate-shared/mcp/rpc-text';
import { type AuthorizationServer, processDiscoveryResponse } from 'oauth4webapi';
import { z } from 'zod';
import type { OAuthForm } from '../../domain/people/account.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import type { GuardedAnswer, GuardedFetch } from '../../net/guarded-fetch.ts';
import { type BearerChallenge, readChallenge } from './challenge.ts';
import { explain } from './guarded.ts';

export interface Discovered {
  server: AuthorizationServer;
  /** What tokens are asked for (RFC 8707). */
  resource: string;
  /** What the server asks for, where the record does not say; undefined: it does not say either. */
  scopes: readonly string[] | undefined;
}

const ResourceSchema = z.looseObject({
  resource: z.string(),
  authorization_servers: z.array(z.string()).optional(),
  scopes_supported: z.array(z.string()).optional(),
});
type ResourceDocument = z.output<typeof ResourceSchema>;

const text = z.string().max(2_000);
const texts = z.array(z.string().max(1_000)).max(1_000);
/** What is used of an authorization server's metadata. */
const MetadataSchema = z.object({
  issuer: text,
  authorization_endpoint: text.exactOptional(),
  token_endpoint: text.exactOptional(),
  registration_endpoint: text.exactOptional(),
  revocation_endpoint: text.exactOptional(),
  scopes_supported: texts.exactOptional(),
  token_endpoint_auth_methods_supported: texts.exactOptional(),
  code_challenge_methods_supported: texts.exactOptional(),
  id_token_signing_alg_values_supported: texts.exactOptional(),
  authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
  client_id_metadata_document_supported: z.boolean().exactOptional(),
});

const INITIALIZE = requestText(
  '0',
  'initialize',
  JSON.stringify({
    protocolVersion: LATEST_LEGACY_VERSION,
    capabilities: {},
    clientInfo: { name: 'mcpgate', version: '0' },
  }),
);

const LIST_TOOLS = requestText('1', 'tools/list', '{}');

/** Throws GateError in words for whoever connects. */
export async function discover(
  guardedFetch: GuardedFetch,
  target: { name: string; url: URL; form: OAuthForm },
): Promise<Discovered> {
  const { name, url, form } = target;
  const namedHost = url.hostname;
  const get = (address: string): Promise<GuardedAnswer> =>
    guardedFetch(address, { namedHost, maxRedirects: 3, headers: { accept: 'application/json' } });

  const said = readChallenge(await askForChallenge(guardedFetch, url));
  const document = await findResource(get, name, url, said);
  const scopes = said.scopes.length > 0 ? said.scopes : document?.scopes_supported;
  const resource = document?.resource ?? canonical(url);
  const issuers = document?.authorization_servers ?? [];
  const issuer = form.issuer ?? issuers[0];
  if (issuer !== undefined) {
    if (issuers.length > 0 && !issuers.some((each) => isSameUrl(each, issuer)))
      throw new GateError('upstream', `server ${name} names other authorization servers than ${issuer}`);
    const server = await readMetadata(get, issuer);
    if (server === undefined) throw new GateError('upstream', `${issuer} has no metadata of an authorization server`);
    return { server: usable(server, form), resource, scopes };
  }
  const origin = url.origin;
  const server = await readMetadata(get, origin);
  return { server: server === undefined ? defaultEndpoints(origin) : usable(server, form), resource, scopes };
}

/**
 * The first message of a session without a token: where one is needed, the answer says where it is to be had. There are servers that let everybody
 * begin: they say so to whoever asks for their tools.
 */
async function askForChallenge(guardedFetch: GuardedFetch, url: URL): Promise<string | undefined> {
  const post = (body: string, headers: Record<string, string> = {}): Promise<GuardedAnswer> =>
    guardedFetch(url.href, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      namedHost: url.hostname,
      headersOnly: true,
    });
  const begun = await post(INITIALIZE);
  const said = begun.headers.get('www-authenticate');
  if (said !== null) return said;
  const session = begun.headers.get('mcp-session-id');
  const of = { 'mcp-protocol-version': LATEST_LEGACY_VERSION, ...(session !== null && { 'mcp-session-id': session }) };
  return (await post(LIST_TOOLS, of)).headers.get('www-authenticate') ?? undefined;
}

async function findResource(
  get: (address: string) => Promise<GuardedAnswer>,
  name: string,
  url: URL,
  { resourceMetadata }: BearerChallenge,
): Promise<ResourceDocument | undefined> {
  const path = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
  const wellKnown = `${url.origin}/.well-known/oauth-protected-resource`;
  const urls = resourceMetadata === undefined ? [`${wellKnown}${path}`, wellKnown] : [resourceMetadata];
  for (const each of new Set(urls)) {
    const answer = await get(each);
    if (answer.status !== 200) continue;
    const document = ResourceSchema.safeParse(parseRecord(answer.body.toString()));
    if (!document.success) continue;
    if (!isResourceOf(document.data.resource, url))
      throw new GateError(
        'upstream',
        `${new URL(each).host} describes another resource than server ${name}: ${document.data.resource.slice(0, 200)}`,
      );
    return document.data;
  }
  if (resourceMetadata !== undefined)
    throw new GateError(
      'upstream',
      `server ${name} names metadata that is not there: ${resourceMetadata.slice(0, 200)}`,
    );
  return undefined;
}

/** The same, or one that the server's path lies in: a token for it is good for the server, and for no other host. */
function isResourceOf(resource: string, url: URL): boolean {
  const described = URL.parse(resource);
  if (described === null || described.origin !== url.origin) return false;
  const within = (path: string): string => (path.endsWith('/') ? path : `${path}/`);
  return within(url.pathname).startsWith(within(described.pathname));
}

/** RFC 8414, then OpenID Connect Discovery, each in the places of the MCP specification; undefined: none of them is there. */
async function readMetadata(
  get: (address: string) => Promise<GuardedAnswer>,
  issuer: string,
): Promise<AuthorizationServer | undefined> {
  const url = URL.parse(issuer);
  if (url === null) throw new GateError('upstream', `${issuer.slice(0, 200)} is no address of an authorization server`);
  const path = url.pathname.replace(/\/$/, '');
  const urls = [
    `${url.origin}/.well-known/oauth-authorization-server${path}`,
    `${url.origin}/.well-known/openid-configuration${path}`,
    `${url.origin}${path}/.well-known/openid-configuration`,
  ];
  for (const each of new Set(urls)) {
    const answer = await get(each);
    if (answer.status !== 200) continue;
    const who = `the metadata of ${url.host}, which must call itself ${issuer.slice(0, 200)},`;
    try {
      const response = new Response(answer.body.toString(), { headers: answer.headers });
      return understood(await processDiscoveryResponse(url, response));
    } catch (error) {
      throw explain(error, who);
    }
  }
  return undefined;
}

/** Throws where something that is used has another form than the standards give it. What is null is taken as left out. */
function understood(server: AuthorizationServer): AuthorizationServer {
  const given = Object.entries(server).filter(([, value]) => (value as unknown) !== null);
  const found = MetadataSchema.safeParse(Object.fromEntries(given));
  if (found.success) return found.data;
  throw new GateError('upstream', `its ${found.error.issues[0]?.path[0]?.toString() ?? 'form'} is not understood`);
}

/** MCP 2025-03-26, "Fallbacks for Servers without Metadata Discovery". */
function defaultEndpoints(origin: string): AuthorizationServer {
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
  };
}

/**
 * Throws where it lacks what no login (no token, where nobody logs in) goes without, and where its page is at another origin: the page could be another provider's, and the code
 * that comes of it would go to this one's token endpoint. An administrator who names the issuer answers for that; so does an authorization server
 * that promises to name itself in its answers (RFC 9207), as none is taken from it then that does not.
 */
function usable(server: AuthorizationServer, form: OAuthForm): AuthorizationServer {
  const { issuer, authorization_endpoint: page, token_endpoint: token } = server;
  // Nobody is sent there, and no code comes of it.
  if (form.grant !== undefined || form.via === 'idp') {
    if (!isPlace(token)) throw new GateError('upstream', `${issuer} has no token_endpoint`);
    return server;
  }
  for (const [what, address] of Object.entries({ authorization_endpoint: page, token_endpoint: token }))
    if (!isPlace(address)) throw new GateError('upstream', `${issuer} has no ${what}`);
  const namesItself = server.authorization_response_iss_parameter_supported === true;
  if (form.issuer === undefined && !namesItself && URL.parse(page ?? '')?.origin !== URL.parse(issuer)?.origin)
    throw new GateError(
      'upstream',
      `${issuer} sends people to another host (${URL.parse(page ?? '')?.host ?? ''}) to log in; where that is right, an administrator names it: --issuer ${issuer}`,
    );
  // 2025-11-25, "Authorization Code Protection": one that does not say so does not have it.
  if (server.code_challenge_methods_supported?.includes('S256') !== true)
    throw new GateError('upstream', `${issuer} does not protect its codes (PKCE with S256), so it is not used`);
  return server;
}

/** On the web, and without a user or password, which would make one host look like another. */
function isPlace(address: string | undefined): boolean {
  const url = URL.parse(address ?? '');
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

/** Without fragment, and without the slash that a URL without a path gets (RFC 8707, as MCP has it). */
function canonical(url: URL): string {
  const { origin, pathname, search } = url;
  return `${origin}${pathname === '/' ? '' : pathname}${search}`;
}

function isSameUrl(one: string, other: string): boolean {
  const [a, b] = [URL.parse(one), URL.parse(other)];
  return a !== null && a.href === b?.href;
}

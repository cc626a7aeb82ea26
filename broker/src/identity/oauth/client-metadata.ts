// Narrows what a client says of itself, in its registration (RFC 7591) or in its metadata document. All of it is a stranger's text: members that are
// not needed are dropped, the others are bounded. These clients are public: a client secret that anybody can ask for would prove nothing; PKCE does.
import { errors, type ClientMetadata } from 'oidc-provider';
import { readRedirectTarget } from './redirect-target.ts';

const KEPT: ReadonlySet<string> = new Set([
  ...['client_id', 'client_id_issued_at', 'client_name', 'client_uri', 'redirect_uris', 'grant_types'],
  ...['response_types', 'token_endpoint_auth_method', 'application_type', 'software_id'],
]);
const GRANT_TYPES: ReadonlySet<unknown> = new Set(['authorization_code', 'refresh_token']);
const MAX_REDIRECT_URIS = 10;
const MAX_NAME = 64;
const MAX_URL = 512;

/** Whether the client's id is the URL of the document that describes it. */
export const isMetadataUrl = (clientId: string): boolean => clientId.startsWith('https://');

/** A stranger's name made fit to be shown: one short line without control, bidirectional or invisible characters. */
const readableName = (name: unknown): string =>
  typeof name !== 'string'
    ? ''
    : name
        .slice(0, 4 * MAX_NAME)
        .replaceAll(/[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu, '')
        .replaceAll(/\s+/gu, ' ')
        .trim()
        .slice(0, MAX_NAME);

const refuse = (why: string): never => {
  throw new errors.InvalidClientMetadata(why);
};

/** Changes `metadata` itself, as the provider wants it. Throws InvalidClientMetadata. */
export function narrowClientMetadata(metadata: ClientMetadata): void {
  for (const key of Object.keys(metadata)) if (!KEPT.has(key)) Reflect.deleteProperty(metadata, key);

  const { redirect_uris: uris, token_endpoint_auth_method: method, software_id: softwareId } = metadata;
  if (!Array.isArray(uris) || uris.length === 0) return refuse('redirect_uris is missing');
  if (uris.length > MAX_REDIRECT_URIS) refuse(`at most ${MAX_REDIRECT_URIS} redirect_uris`);
  const targets = uris.map((uri: unknown) => (typeof uri === 'string' ? readRedirectTarget(uri) : undefined));
  if (targets.includes(undefined))
    refuse(
      'redirect_uris may be https, http on 127.0.0.1, [::1] or localhost, or the private scheme of an application',
    );

  if (isMetadataUrl(metadata.client_id) && method !== undefined && method !== 'none')
    refuse('only clients with token_endpoint_auth_method none');
  metadata.token_endpoint_auth_method = 'none';
  // The provider lets only native clients use any port of the loopback, and private schemes. Few clients say which type they are, so it is derived.
  metadata.application_type = targets.every((target) => target?.kind === 'web') ? 'web' : 'native';
  const { grant_types: grantTypes } = metadata;
  metadata.grant_types = Array.isArray(grantTypes)
    ? ['authorization_code', ...grantTypes.filter((type) => GRANT_TYPES.has(type) && type !== 'authorization_code')]
    : ['authorization_code'];
  metadata.response_types = ['code'];
  metadata.client_name = readableName(metadata.client_name);
  if (metadata.client_name === '') Reflect.deleteProperty(metadata, 'client_name');
  const { client_uri: uri } = metadata;
  if (typeof uri !== 'string' || uri.length > MAX_URL || URL.parse(uri)?.protocol !== 'https:')
    Reflect.deleteProperty(metadata, 'client_uri');
  if (typeof softwareId !== 'string' || softwareId.length > MAX_URL) Reflect.deleteProperty(metadata, 'software_id');
}

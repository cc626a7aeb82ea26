// The grant by which an AI client of the company trades an identity assertion of the company's IdP for an access token (RFC 7523; ID-JAG), without
// a page. The token is an ordinary one of the person for the MCP door; the client's login is listed and ended like any other.
import { errors, type Configuration, type Provider } from 'oidc-provider';
import type { AdapterPayload } from 'oidc-provider';
import type { IncomingMessage } from 'node:http';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { UserRecord } from '../../domain/people/people.ts';
import type { IdJags } from '../idp/id-jags.ts';
import type { ClientLogins } from './client-logins.ts';
import { createClientGrantId } from './grant-id.ts';
import { MCP_SCOPE } from './oauth-settings.ts';

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * What the provider is told besides: these clients prove themselves by a secret. And its metadata say that it takes ID-JAGs, which AI clients look
 * for: the grant type alone may mean assertions of any kind.
 */
export const assertionConfiguration = {
  clientAuthMethods: ['none', 'client_secret_basic'],
  discovery: { authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'] },
} satisfies Configuration;

export interface AssertionGrantOptions {
  /** The clients that may, by id, each with what reads its secret: the company's IdP knows them by these ids. */
  clients: ReadonlyMap<string, () => Promise<string>>;
  idJags: IdJags;
  audit: Pick<Audit, 'event' | 'refused'>;
  /** In whose log a refusal is recorded. */
  home: () => Promise<string>;
  /** The IdP's host, for the log. */
  host: string;
}

/** The client of that id, as the provider keeps clients; undefined where there is none, or its secret is not there. */
export async function assertionClient(
  { clients }: Pick<AssertionGrantOptions, 'clients'>,
  id: string,
): Promise<AdapterPayload | undefined> {
  const secret = await clients
    .get(id)?.()
    .catch((error: unknown) => {
      if (error instanceof GateError && error.code === 'not_found') return undefined;
      throw error;
    });
  if (secret === undefined || secret === '') return undefined;
  return {
    ...{ client_id: id, client_name: id, client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' },
    ...{ grant_types: [ASSERTION_GRANT], response_types: [], redirect_uris: [] },
  };
}

export function registerAssertionGrant(
  provider: Provider,
  options: AssertionGrantOptions & {
    clientLogins: ClientLogins;
    clock: Clock;
    accessTokenTtlS: number;
    addressOf: (request: IncomingMessage) => string;
  },
): void {
  const { idJags, audit, home, host, clientLogins, clock, accessTokenTtlS } = options;

  /** The grant that the client's tokens for this person and resource hang on: the one that there is, or a new one. */
  async function grantOf(user: UserRecord, clientId: string, resource: string, address: string): Promise<string> {
    const expiresAt = clock.now() + accessTokenTtlS * 1000;
    const logins = await clientLogins.list(user.id);
    const known = logins.find((login) => login.clientId === clientId && login.resource === resource);
    if (known !== undefined) {
      await clientLogins.seen(known, expiresAt);
      return known.grantId;
    }
    const grant = new provider.Grant({ accountId: user.id, clientId });
    const grantId = createClientGrantId();
    grant.jti = grantId;
    grant.addResourceScope(resource, MCP_SCOPE);
    await grant.save();
    await clientLogins.start({ grantId, userId: user.id, clientId, name: clientId, resource, address, expiresAt });
    await audit.event({
      workspace_id: user.workspaceId,
      type: 'login.approved',
      actor: `idp:${host}`,
      subject: `user:${user.name}`,
      address,
      data: { client: clientId, client_id: clientId, resource, session: grantId },
    });
    return grantId;
  }

  provider.registerGrantType<{ assertion?: unknown; resource?: unknown }>(
    ASSERTION_GRANT,
    async (ctx) => {
      const { client, params } = ctx.oidc;
      const { assertion, resource: asked } = params;
      const address = options.addressOf(ctx.req);
      if (typeof assertion !== 'string' || assertion === '')
        throw new errors.InvalidRequest("missing required parameter 'assertion'");
      if (asked !== undefined && typeof asked !== 'string')
        throw new errors.InvalidTarget('a token is for one resource; ask for one');
      const checked = await idJags.accept(assertion, client.clientId, asked);
      if (checked.kind === 'refused') {
        const event = { type: 'assertion.refused', actor: 'anonymous', subject: `client:${client.clientId}`, address };
        const data = { via: `idp:${host}`, reason: checked.why };
        await audit.refused({ workspace_id: await home(), ...event, data }, ctx.req);
        if (checked.what === 'scope') throw new errors.InvalidScope('the assertion does not allow it', MCP_SCOPE);
        if (checked.what === 'away') throw new errors.TemporarilyUnavailable('the issuer of the assertion is away');
        throw new errors.InvalidGrant(checked.why);
      }
      const { user, resource } = checked;
      const grantId = await grantOf(user, client.clientId, resource, address);
      const resourceServer = new provider.ResourceServer(resource, {
        ...{ scope: MCP_SCOPE, audience: resource, accessTokenTTL: accessTokenTtlS, accessTokenFormat: 'opaque' },
      });
      const token = new provider.AccessToken({
        ...{ client, accountId: user.id, grantId, gty: 'jwt_bearer', scope: MCP_SCOPE, resourceServer },
      });
      const value = await token.save();
      ctx.body = { access_token: value, expires_in: token.expiration, scope: MCP_SCOPE, token_type: token.tokenType };
    },
    ['assertion', 'resource', 'scope'],
  );
}

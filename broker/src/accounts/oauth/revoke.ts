// The end of an account's tokens at their provider (RFC 7009).
import { processRevocationResponse, revocationRequest } from 'oauth4webapi';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { TokensContent } from '../sealed-account.ts';
import type { ClientIdentities } from './client-identity.ts';
import { explain, oauthFetch } from './guarded.ts';
import { urlOf } from './login.ts';

/** Why its provider did not end them; undefined: it did. */
export async function revokeTokens(
  parts: { guardedFetch: GuardedFetch; clients: ClientIdentities },
  server: ServerRecord,
  content: TokensContent,
): Promise<string | undefined> {
  const { server: at, client, refreshToken, accessToken } = content;
  const { host } = new URL(at.issuer);
  if (at.revocation_endpoint === undefined) return `${host} ends no tokens on request: end the access there`;
  try {
    const proof = await parts.clients.proofOf(client, server);
    const options = oauthFetch(parts.guardedFetch, urlOf(server).hostname);
    const tokens = { refresh_token: refreshToken, access_token: accessToken };
    // The refresh token first: with it most providers end all that came of it.
    for (const [hint, token] of Object.entries(tokens)) {
      if (token === null) continue;
      const more = { ...options, additionalParameters: { token_type_hint: hint } };
      await processRevocationResponse(await revocationRequest(at, { client_id: client.id }, proof, token, more));
    }
    return undefined;
  } catch (error) {
    return `${explain(error, host).message}: end the access there`;
  }
}

// Asks the company's IdP for identity assertions about people to authorization servers of others (token exchange, RFC 8693; ID-JAG). For that the
// ID token of each person's last sign-in is kept, sealed, as long as it is good; and its refresh token, where the configuration asks for one.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { decodeJwt } from 'jose';
import {
  allowInsecureRequests,
  customFetch,
  genericTokenEndpointRequest,
  OperationProcessingError,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
} from 'oauth4webapi';
import { z } from 'zod';
import type { CompanyAssertions } from '../../accounts/company-assertions.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Vault } from '../../vault/vault.ts';
import { idpFetch } from './idp-fetch.ts';
import type { IdpMetadata } from './idp-metadata.ts';
import { clientAuth } from './idp-tokens.ts';

const KIND = 'IdpSignIn';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';
/** An ID token that ends so soon is not sent any more. */
const SOON_MS = 10_000;
/** How long a sign-in with a refresh token may go unused. */
const KEEP_MS = 30 * 86_400_000;
/** So often, and so long, a broker looks whether another one has refreshed. */
const LOOK_MS = 200;
const LOOKS = 60;

const KeptSchema = z.object({ idToken: z.string(), refreshToken: z.string().nullable() });
type Kept = z.output<typeof KeptSchema>;

export interface AssertionRequests extends CompanyAssertions {
  /** Of a sign-in that was verified. */
  keep(userId: string, tokens: Kept): Promise<void>;
}

export function createAssertionRequests(parts: {
  settings: IdpSettings;
  metadata: Pick<IdpMetadata, 'read'>;
  store: Pick<Store, 'oauth' | 'users'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
}): AssertionRequests {
  const { settings, metadata, store, vault, clock } = parts;
  const purposeOf = (userId: string): string => `idp-sign-in:${userId}`;
  const underWay = new Map<string, Promise<string | undefined>>();

  async function keep(userId: string, kept: Kept): Promise<void> {
    if (!settings.tokenExchange) return;
    const sealed = vault.seal(purposeOf(userId), Buffer.from(JSON.stringify(kept), 'utf8'));
    const expiresAt = kept.refreshToken === null ? endOf(kept.idToken) : clock.now() + KEEP_MS;
    const none = { grantId: null, userCode: null, consumedAt: null };
    const payload = JSON.stringify(Buffer.from(sealed).toString('base64'));
    await store.oauth.upsert({ kind: KIND, idHash: sha256Hex(userId), payload, ...none, uid: userId, expiresAt });
  }

  async function find(userId: string): Promise<{ kept: Kept; inUse: boolean } | undefined> {
    const row = await store.oauth.find(KIND, sha256Hex(userId));
    if (row === undefined || (row.expiresAt ?? 0) <= clock.now()) return undefined;
    const sealed = Buffer.from(z.string().parse(JSON.parse(row.payload)), 'base64');
    const text = Buffer.from(await vault.open(purposeOf(userId), sealed)).toString('utf8');
    return { kept: KeptSchema.parse(JSON.parse(text)), inUse: row.consumedAt !== null };
  }

  /** An ID token of the person that is still good; undefined: they must sign in again. */
  async function subjectToken(userId: string): Promise<string | undefined> {
    for (let looks = 0; looks < LOOKS; looks++) {
      const found = await find(userId);
      if (found === undefined) return undefined;
      const { kept, inUse } = found;
      if (endOf(kept.idToken) - clock.now() > SOON_MS) return kept.idToken;
      if (kept.refreshToken === null) return undefined;
      // One broker alone uses a refresh token, once: providers that rotate it take a second use for a theft.
      if (!inUse && (await store.oauth.consume(KIND, sha256Hex(userId), clock.now())))
        return refresh(userId, kept.refreshToken);
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
    return undefined;
  }

  async function refresh(userId: string, refreshToken: string): Promise<string | undefined> {
    try {
      const answer = await ask('refresh_token', { refresh_token: refreshToken, scope: settings.scopes.join(' ') });
      if (answer.id_token === undefined) return undefined;
      await keep(userId, { idToken: answer.id_token, refreshToken: answer.refresh_token ?? refreshToken });
      return answer.id_token;
    } catch (error) {
      if (!(error instanceof ResponseBodyError) || error.status >= 500) throw away(error);
      await forget(userId);
      return undefined;
    }
  }

  async function ask(grantType: string, parameters: Record<string, string>) {
    const { server } = await metadata.read();
    const auth = await clientAuth(settings, server.token_endpoint_auth_methods_supported);
    const client = { client_id: settings.clientId };
    const options = {
      [customFetch]: idpFetch,
      [allowInsecureRequests]: new URL(settings.issuer).protocol === 'http:',
    };
    const response = await genericTokenEndpointRequest(server, client, auth, grantType, parameters, options);
    // RFC 8693, section 2.2.1: `N_A` is the type of what is no access token.
    return await processGenericTokenEndpointResponse(server, client, response, {
      recognizedTokenTypes: { n_a: () => undefined },
    });
  }

  const away = (error: unknown): GateError =>
    new GateError(
      'unreachable',
      `${settings.label} (${new URL(settings.issuer).host}) cannot be asked now; nothing was sent`,
      { cause: error },
    );

  const forget = (userId: string): Promise<void> => store.oauth.destroy(KIND, sha256Hex(userId));

  return {
    keep,
    forget,
    async request({ workspaceId, userId, audience, resource, scopes }) {
      const user = await store.users.byId(userId);
      if (!settings.tokenExchange || user?.workspaceId !== workspaceId || user.disabledAt !== null)
        return { kind: 'no_sign_in' };
      const looking = underWay.get(userId) ?? subjectToken(userId).finally(() => underWay.delete(userId));
      underWay.set(userId, looking);
      const subject = await looking;
      if (subject === undefined) return { kind: 'no_sign_in' };
      const asked = {
        ...{ subject_token: subject, subject_token_type: ID_TOKEN, requested_token_type: ID_JAG, audience, resource },
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      };
      try {
        const answer = await ask(EXCHANGE, asked);
        if (answer['issued_token_type'] === ID_JAG) return { kind: 'granted', assertion: answer.access_token };
        return { kind: 'refused', by: settings.label, why: 'it gave a token of another kind' };
      } catch (error) {
        if (error instanceof ResponseBodyError && error.status < 500) {
          const { error: code, error_description: description } = error;
          return {
            kind: 'refused',
            by: settings.label,
            why: quoteForeign(description === undefined ? code : `${code}: ${description}`),
          };
        }
        if (
          error instanceof GateError ||
          error instanceof OperationProcessingError ||
          error instanceof ResponseBodyError ||
          error instanceof TypeError
        )
          throw away(error);
        throw error;
      }
    },
  };
}

/** ms since the epoch; of a token that was verified when it came. */
function endOf(idToken: string): number {
  return (decodeJwt(idToken).exp ?? 0) * 1000;
}

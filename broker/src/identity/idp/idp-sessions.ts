// Finds out where to send a browser that signs out, so that it is signed out at the IdP too (OpenID Connect RP-Initiated Logout 1.0). For that the
// ID token of the sign-in is kept, sealed, as long as the browser session.
import type { Clock } from 'mcpgate-shared/clock';
import { allowInsecureRequests, buildEndSessionUrl, Configuration, None } from 'openid-client';
import type { IdpSettings } from '../../config/idp-settings.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { isSafeIdpUrl } from './idp-fetch.ts';
import type { IdpMetadata } from './idp-metadata.ts';

const KIND = 'IdpSession';
/** A longer ID token would make the URL longer than servers read. It is left out then, and the IdP asks the person. */
const MAX_HINT_CHARS = 4_096;

export interface IdpSessions {
  /** Keeps the ID token of a sign-in. `sessionToken`: the value of the browser's cookie. */
  keep(sessionToken: string, idToken: string, expiresAt: number): Promise<void>;
  /** The session goes on under another cookie. */
  move(from: string, to: { token: string; expiresAt: number }): Promise<void>;
  /**
   * The URL at which the session's browser signs out at the IdP; given once for each session. Undefined where the session did not begin at the IdP,
   * or the IdP has no such endpoint or does not answer. The URL holds the ID token: send the browser there, never log it.
   */
  endUrl(sessionToken: string): Promise<string | undefined>;
}

export function createIdpSessions(options: {
  settings: Pick<IdpSettings, 'issuer' | 'clientId' | 'endSession'>;
  metadata: IdpMetadata;
  /** The URL to which the IdP sends the browser afterwards. */
  returnTo: string;
  store: Store;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  log: Log;
}): IdpSessions {
  const { settings, metadata, returnTo, store, vault, clock, log } = options;
  const { issuer, clientId, endSession } = settings;
  const purpose = (idHash: string): string => `idp-session:${idHash}`;

  const hintOf = async (payload: string, idHash: string): Promise<Record<string, string>> => {
    if (payload === '') return {};
    const idToken = await vault.open(purpose(idHash), Buffer.from(payload, 'base64'));
    return { id_token_hint: Buffer.from(idToken).toString('utf8') };
  };

  const keep: IdpSessions['keep'] = async (sessionToken, idToken, expiresAt) => {
    if (!endSession) return;
    const idHash = sha256Hex(sessionToken);
    const sealed = (): string =>
      Buffer.from(vault.seal(purpose(idHash), Buffer.from(idToken, 'utf8'))).toString('base64');
    const payload = JSON.stringify(idToken === '' || idToken.length > MAX_HINT_CHARS ? '' : sealed());
    const none = { grantId: null, userCode: null, uid: null, consumedAt: null };
    await store.oauth.upsert({ kind: KIND, idHash, payload, ...none, expiresAt });
  };

  return {
    keep,
    async move(from, { token, expiresAt }) {
      const idHash = sha256Hex(from);
      const row = await store.oauth.find(KIND, idHash);
      if (row === undefined) return;
      await store.oauth.destroy(KIND, idHash);
      const payload: unknown = JSON.parse(row.payload);
      const { id_token_hint: idToken = '' } = await hintOf(typeof payload === 'string' ? payload : '', idHash);
      await keep(token, idToken, expiresAt);
    },
    async endUrl(sessionToken) {
      if (!endSession) return undefined;
      const idHash = sha256Hex(sessionToken);
      const row = await store.oauth.find(KIND, idHash);
      if (row === undefined) return undefined;
      await store.oauth.destroy(KIND, idHash);
      if ((row.expiresAt ?? 0) <= clock.now()) return undefined;
      try {
        const { server } = await metadata.read();
        const endpoint = server.end_session_endpoint;
        if (endpoint === undefined) return undefined;
        if (!isSafeIdpUrl(endpoint)) {
          log.warn({ issuer }, 'the IdP names a place to sign out without TLS: nobody is sent there');
          return undefined;
        }
        const configuration = new Configuration(server, clientId, undefined, None());
        if (new URL(issuer).protocol === 'http:') allowInsecureRequests(configuration);
        const payload: unknown = JSON.parse(row.payload);
        const hint = await hintOf(typeof payload === 'string' ? payload : '', idHash);
        return buildEndSessionUrl(configuration, { ...hint, post_logout_redirect_uri: returnTo }).href;
      } catch (error) {
        log.warn({ issuer, err: error }, 'somebody signed out here, and could not be sent to the IdP for that');
        return undefined;
      }
    },
  };
}

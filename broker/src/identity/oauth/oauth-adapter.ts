// Where oidc-provider keeps its objects: in `store.oauth`. Ids are hashed (SHA-256) and payloads do not hold a token's value: whoever looks a token up
// presents the value. The provider's own browser sessions are not kept at all, because the pages have sessions of their own.
import type { Adapter, AdapterPayload } from 'oidc-provider';
import { errors } from 'oidc-provider';
import type { Clock } from 'mcpgate-shared/clock';
import type { OAuthObject } from '../../store/repositories/people/oauth.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import { deviceIdOfGrant } from './grant-id.ts';
import { UNUSED_CLIENT_TTL_MS } from './oauth-settings.ts';

/** Payload of a row as oidc-provider wrote it. */
function parsePayload(row: OAuthObject): AdapterPayload {
  const payload: unknown = JSON.parse(row.payload);
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw new TypeError(`the stored ${row.kind} is not an object`);
  return { ...payload, ...(row.consumedAt === null ? {} : { consumed: Math.floor(row.consumedAt / 1000) }) };
}

const nothing: Adapter = {
  upsert: async () => undefined,
  find: async () => undefined,
  findByUid: async () => undefined,
  findByUserCode: async () => undefined,
  consume: async () => undefined,
  destroy: async () => undefined,
  revokeByGrantId: async () => undefined,
};

/** `known`: clients that the configuration names. */
export function createOAuthAdapter(
  store: Store,
  clock: Clock,
  known: (id: string) => Promise<AdapterPayload | undefined> | undefined = () => undefined,
): (kind: string) => Adapter {
  return (kind) => {
    if (kind === 'Session') return nothing;
    /** The expiry in ms since the epoch. Of objects that the provider keeps for ever, only registered clients get one. */
    const expiryOf = (expiresInS: number | undefined): number | null => {
      if (expiresInS !== undefined) return clock.now() + expiresInS * 1000;
      return kind === 'Client' ? clock.now() + UNUSED_CLIENT_TTL_MS : null;
    };
    const isOver = (row: OAuthObject): boolean =>
      kind === 'Client' && row.expiresAt !== null && row.expiresAt <= clock.now();
    const found = (row: OAuthObject | undefined, id: string): AdapterPayload | undefined =>
      row === undefined || isOver(row) ? undefined : { ...parsePayload(row), jti: id };
    // Looked up by anything but its id, an object would come back without its value. No feature that is switched on does that.
    const unsupported = async (): Promise<undefined> => undefined;
    return {
      async upsert(id, { jti: _value, consumed: _consumed, ...payload }, expiresInS) {
        const isGrant = kind === 'Grant';
        await store.oauth.upsert({
          kind,
          idHash: sha256Hex(id),
          payload: JSON.stringify(payload),
          grantId: isGrant ? id : (payload.grantId ?? null),
          userCode: payload.userCode ?? null,
          uid: isGrant ? (deviceIdOfGrant(id) ?? null) : (payload.uid ?? null),
          consumedAt: null,
          expiresAt: expiryOf(expiresInS),
        });
      },
      async find(id) {
        const ofCompany = kind === 'Client' ? await known(id) : undefined;
        return ofCompany ?? found(await store.oauth.find(kind, sha256Hex(id)), id);
      },
      findByUid: unsupported,
      findByUserCode: unsupported,
      async consume(id) {
        const first = await store.oauth.consume(kind, sha256Hex(id), clock.now());
        // Another broker is answering the same request: the client is to try again, and keeps its token.
        if (!first) throw new errors.TemporarilyUnavailable('this request is being answered already; try again');
      },
      destroy: (id) => store.oauth.destroy(kind, sha256Hex(id)),
      async revokeByGrantId(grantId) {
        await store.oauth.destroyByGrant(grantId);
      },
    };
  };
}

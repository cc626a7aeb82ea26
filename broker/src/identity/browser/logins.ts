// The OAuth side of a device: its one grant and the tokens under it.
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';

export interface Logins {
  /** Undefined where the device has none. */
  of(deviceId: string): Promise<{ grantId: string } | undefined>;
  /** Those of the devices that have one, in one question. */
  amongst(deviceIds: readonly string[]): Promise<Set<string>>;
  /** When the device's login ends if it is not used; null: never, undefined where it has none. */
  lastsUntil(deviceId: string): Promise<number | null | undefined>;
  /** Whether the device has a login that has not ended. */
  isGood(deviceId: string): Promise<boolean>;
  /** Ends the device's login and every token under it; returns how many tokens were good until now. */
  end(deviceId: string): Promise<number>;
}

export function createLogins({ store, clock }: { store: Store; clock: Clock }): Logins {
  const find = (deviceId: string) => store.oauth.findByUid('Grant', deviceId);
  const lastsUntil: Logins['lastsUntil'] = async (deviceId) => {
    const row = await find(deviceId);
    // Until it has fetched its first token there is none.
    return row?.grantId ? ((await store.oauth.refreshableUntil(row.grantId)) ?? row.expiresAt) : undefined;
  };
  return {
    lastsUntil,
    async isGood(deviceId) {
      const until = await lastsUntil(deviceId);
      return until !== undefined && (until === null || until > clock.now());
    },
    async of(deviceId) {
      const row = await find(deviceId);
      return row?.grantId ? { grantId: row.grantId } : undefined;
    },
    async amongst(deviceIds) {
      const rows = await store.oauth.findAll('Grant', 'uid', deviceIds);
      return new Set(rows.flatMap(({ uid, grantId }) => (uid !== null && grantId ? uid : [])));
    },
    async end(deviceId) {
      let tokens = 0;
      for (let row = await find(deviceId); row?.grantId; row = await find(deviceId)) {
        tokens += await store.oauth.countTokens(row.grantId, clock.now());
        await store.oauth.destroyByGrant(row.grantId);
      }
      return tokens;
    },
  };
}

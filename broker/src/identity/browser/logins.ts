// The login of a device: the one OAuth grant that it has, and the tokens under that grant.
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';

export interface Logins {
  /** The device's login; undefined where it has none. */
  of(deviceId: string): Promise<{ grantId: string } | undefined>;
  /** Which of these devices have a login, in one query. */
  amongst(deviceIds: readonly string[]): Promise<Set<string>>;
  /** Whether the device has a login that has not ended. */
  isGood(deviceId: string): Promise<boolean>;
  /** Ends the device's login and every token under it; returns how many valid tokens were ended. */
  end(deviceId: string): Promise<number>;
}

export function createLogins({ store, clock }: { store: Store; clock: Clock }): Logins {
  const find = (deviceId: string) => store.oauth.findByUid('Grant', deviceId);
  return {
    isGood: async (deviceId) => (await store.devices.loggedInAmongst([deviceId], clock.now())).length > 0,
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

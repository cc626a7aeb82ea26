// Device logins that wait for a person: look up, approve, deny. Works on the rows of the OAuth server's device codes, because the
// code's own value is known to the device only.
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { DeviceRecord, OAuthObject, Store, UserRecord } from '../../store/store.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { DeviceInfoSchema, type DeviceInfo } from './device-info.ts';
import { createGrantId } from './grant-id.ts';
import { LOGIN_SCOPE } from './oauth-settings.ts';
import { normalizeUserCode } from './user-code.ts';

const KIND = 'DeviceCode';
const CodePayloadSchema = z.looseObject({
  clientId: z.string(),
  exp: z.number(),
  accountId: z.string().optional(),
  error: z.string().optional(),
  deviceInfo: DeviceInfoSchema,
  params: z.looseObject({
    device_id: z.string().optional(),
    resource: z.union([z.string(), z.array(z.string())]).optional(),
  }),
});

type FoundLogin =
  { kind: 'pending'; info: DeviceInfo; userCode: string; expiresAt: number } | { kind: 'unknown' | 'expired' | 'used' };

export interface DeviceLogins {
  find(typedCode: string): Promise<FoundLogin>;
  /** Makes or renews the device and gives it a grant. Throws `not_found` (no such code), `gone` (expired, used). */
  approve(typedCode: string, user: UserRecord): Promise<DeviceRecord>;
  /** The waiting device, or undefined where the code is not pending any more. */
  deny(typedCode: string): Promise<DeviceInfo | undefined>;
}

/** Writes the OAuth grant with which the provider later answers the device. */
export type SaveGrant = (grant: {
  id: string;
  accountId: string;
  clientId: string;
  resources: readonly string[];
}) => Promise<void>;

export function createDeviceLogins(options: {
  store: Store;
  clock: Clock;
  workspaceId: string;
  defaultResource: string;
  saveGrant: SaveGrant;
}): DeviceLogins {
  const { store, clock, workspaceId, defaultResource, saveGrant } = options;
  const lock = createKeyedLock();

  const load = async (typedCode: string) => {
    const userCode = normalizeUserCode(typedCode);
    const row = userCode && (await store.oauth.findByUserCode(KIND, userCode));
    if (!userCode || !row) return { state: 'unknown' } as const;
    const payload = CodePayloadSchema.parse(JSON.parse(row.payload));
    if (payload.accountId !== undefined || payload.error !== undefined || row.consumedAt !== null)
      return { state: 'used' } as const;
    if (payload.exp * 1000 <= clock.now()) return { state: 'expired' } as const;
    return { state: 'pending', userCode, row, payload } as const;
  };

  /** One answer at a time for a code: two people who press at once get one yes. */
  const exclusively = async <T>(typedCode: string, run: () => Promise<T>): Promise<T> => {
    const { release } = await lock.acquire(normalizeUserCode(typedCode) ?? '');
    try {
      return await run();
    } finally {
      release();
    }
  };

  const save = (row: OAuthObject, payload: object, grantId: string | null): Promise<void> =>
    store.oauth.upsert({ ...row, payload: JSON.stringify(payload), grantId });

  const deviceFor = async (user: UserRecord, info: DeviceInfo, knownId: string | undefined): Promise<DeviceRecord> => {
    const seen = { name: info.name, platform: info.platform, address: info.address };
    const known = knownId === undefined ? undefined : await store.devices.byId(knownId);
    if (known === undefined || known.userId !== user.id || known.revokedAt !== null)
      return store.devices.create({ workspaceId, userId: user.id, ...seen });
    const before = await store.oauth.findByUid('Grant', known.id);
    if (before?.grantId) await store.oauth.destroyByGrant(before.grantId);
    return store.devices.update(known.id, seen);
  };

  return {
    async find(typedCode) {
      const found = await load(typedCode);
      if (found.state !== 'pending') return { kind: found.state };
      const { payload, userCode } = found;
      return { kind: 'pending', info: payload.deviceInfo, userCode, expiresAt: payload.exp * 1000 };
    },
    approve: (typedCode, user) =>
      exclusively(typedCode, async () => {
        const found = await load(typedCode);
        if (found.state === 'unknown')
          throw new GateError('not_found', 'no login waits with this code; compare it with the one on the device');
        if (found.state !== 'pending')
          throw new GateError(
            'gone',
            `this code is ${found.state}; run \`mcpgate login\` again on the device for a new one`,
          );
        const { row, payload } = found;
        const device = await deviceFor(user, payload.deviceInfo, payload.params.device_id);
        const grantId = createGrantId(device.id);
        const resource = payload.params.resource ?? defaultResource;
        await saveGrant({ id: grantId, accountId: user.id, clientId: payload.clientId, resources: [resource].flat() });
        const authTime = Math.floor(clock.now() / 1000);
        await save(row, { ...payload, accountId: user.id, grantId, scope: LOGIN_SCOPE, authTime, resource }, grantId);
        return device;
      }),
    deny: (typedCode) =>
      exclusively(typedCode, async () => {
        const found = await load(typedCode);
        if (found.state !== 'pending') return undefined;
        const { row, payload } = found;
        await save(row, { ...payload, error: 'access_denied', errorDescription: 'the login was denied' }, null);
        return payload.deviceInfo;
      }),
  };
}

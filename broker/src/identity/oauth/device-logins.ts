// Device logins that wait for a person, who finds them by the typed user code and approves or denies them. This works on the stored rows of the OAuth
// server's device codes, because only the device knows the value of its code.
import type { DeviceRecord, UserRecord } from '../../domain/people/people.ts';
import { GateError } from 'mcpgate-shared/error';
import type { Clock } from 'mcpgate-shared/clock';
import { z } from 'zod';
import type { OAuthObject } from '../../store/repositories/people/oauth.ts';
import type { Store } from '../../store/store.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { DeviceInfoSchema, type DeviceInfo } from './device-info.ts';
import { createGrantId } from './grant-id.ts';
import { createKnownDevices } from './known-devices.ts';
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
  | {
      kind: 'pending';
      info: DeviceInfo;
      userCode: string;
      expiresAt: number;
      /** The person's device that logs in again and has proven so; undefined for any other device. */
      known: DeviceRecord | undefined;
    }
  /** The device asks for a workspace that is not the person's. */
  | { kind: 'elsewhere'; workspace: string }
  | { kind: 'unknown' | 'expired' | 'used' };

export interface DeviceLogins {
  find(typedCode: string, user: Pick<UserRecord, 'id' | 'workspaceId'>): Promise<FoundLogin>;
  /**
   * Makes the device, or renews a known one, and gives it a grant. Throws `not_found` (no such code), `conflict` (the device asks for another
   * workspace), `gone` (the code has expired or was used, or the device has logged in since).
   */
  approve(typedCode: string, user: UserRecord): Promise<DeviceRecord>;
  /** Denies the login and returns the device; undefined where the code no longer waits, or the device asks for another workspace. */
  deny(typedCode: string, workspaceId: string): Promise<DeviceInfo | undefined>;
}

/** The workspace that the device asks for, where that is not `workspaceId`; else undefined. */
const elsewhere = ({ workspace }: DeviceInfo, workspaceId: string): string | undefined =>
  workspace === null || workspace === workspaceId ? undefined : workspace;

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
  defaultResource: string;
  saveGrant: SaveGrant;
}): DeviceLogins {
  const { store, clock, defaultResource, saveGrant } = options;
  const lock = createKeyedLock();
  const knownDevices = createKnownDevices(store);

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

  /** Runs one answer to a code at a time, so that two people who press at the same time cannot both approve it. */
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

  const claimOf = ({ deviceInfo, params }: z.output<typeof CodePayloadSchema>) => ({
    deviceId: params.device_id,
    proofHash: deviceInfo.proofHash,
  });

  const deviceFor = async (user: UserRecord, payload: z.output<typeof CodePayloadSchema>): Promise<DeviceRecord> => {
    const { name, platform, address, requestedAt, proofHash } = payload.deviceInfo;
    const seen = { name, platform, address };
    const claimed = await knownDevices.find(user.id, claimOf(payload));
    const known = claimed?.device;
    // Approving an old code must not end a login that the device has made since.
    if (claimed !== undefined && claimed.loggedInAt > requestedAt)
      throw new GateError('gone', 'this device has logged in since this code was made');
    if (known !== undefined) {
      const before = await store.oauth.findByUid('Grant', known.id);
      if (before?.grantId) await store.oauth.destroyByGrant(before.grantId);
    }
    const device =
      known === undefined
        ? await store.devices.create({ workspaceId: user.workspaceId, userId: user.id, ...seen })
        : await store.devices.update(known.id, seen);
    await knownDevices.remember(device.id, { proofHash, loggedInAt: clock.now() });
    return device;
  };

  return {
    async find(typedCode, { id: userId, workspaceId }) {
      const found = await load(typedCode);
      if (found.state !== 'pending') return { kind: found.state };
      const { payload, userCode } = found;
      const workspace = elsewhere(payload.deviceInfo, workspaceId);
      if (workspace !== undefined) return { kind: 'elsewhere', workspace };
      const claimed = await knownDevices.find(userId, claimOf(payload));
      const known = claimed?.proven === true ? claimed.device : undefined;
      return { kind: 'pending', info: payload.deviceInfo, userCode, expiresAt: payload.exp * 1000, known };
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
        const workspace = elsewhere(payload.deviceInfo, user.workspaceId);
        if (workspace !== undefined)
          throw new GateError(
            'conflict',
            `this device asks for the workspace ${workspace}, and ${user.name} is in ${user.workspaceId}`,
          );
        const device = await deviceFor(user, payload);
        const grantId = createGrantId(device.id);
        const resource = payload.params.resource ?? defaultResource;
        await saveGrant({ id: grantId, accountId: user.id, clientId: payload.clientId, resources: [resource].flat() });
        const authTime = Math.floor(clock.now() / 1000);
        await save(row, { ...payload, accountId: user.id, grantId, scope: LOGIN_SCOPE, authTime, resource }, grantId);
        return device;
      }),
    deny: (typedCode, workspaceId) =>
      exclusively(typedCode, async () => {
        const found = await load(typedCode);
        if (found.state !== 'pending') return undefined;
        const { row, payload } = found;
        if (elsewhere(payload.deviceInfo, workspaceId) !== undefined) return undefined;
        await save(row, { ...payload, error: 'access_denied', errorDescription: 'the login was denied' }, null);
        return payload.deviceInfo;
      }),
  };
}

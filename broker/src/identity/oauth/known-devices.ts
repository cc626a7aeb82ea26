// Recognizes a device that logs in again. Its id alone is only a claim; it also sends a proof, a value that only this device can make. The hash of
// the proof at the last login is kept among the OAuth server's objects, with the time of that login, and does not expire.
import type { DeviceRecord } from '../../domain/people/people.ts';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import { sameText, sha256Hex } from '../../store/secret-token.ts';

const KIND = 'DeviceProof';
const PROOF_SHAPE = /^[A-Za-z0-9_-]{43}$/;
const KeptSchema = z.object({ proofHash: z.string().nullable(), loggedInAt: z.number() });

/** The hash of a request's `device_proof`, which is kept of it; null where it is missing or malformed. */
export const hashDeviceProof = (proof: unknown): string | null =>
  typeof proof === 'string' && PROOF_SHAPE.test(proof) ? sha256Hex(proof) : null;

interface Claim {
  deviceId: string | undefined;
  proofHash: string | null;
}

export interface KnownDevices {
  /**
   * The claimed device; undefined where it is not this person's, was revoked, or another proof is known of it. `proven` is false for a device that
   * has never sent a proof.
   */
  find(
    userId: string,
    claim: Claim,
  ): Promise<{ device: DeviceRecord; proven: boolean; loggedInAt: number } | undefined>;
  remember(deviceId: string, login: z.output<typeof KeptSchema>): Promise<void>;
}

export function createKnownDevices(store: Store): KnownDevices {
  return {
    async find(userId, { deviceId, proofHash }) {
      const device = deviceId === undefined ? undefined : await store.devices.byId(deviceId);
      if (device === undefined || device.userId !== userId || device.revokedAt !== null) return undefined;
      const row = await store.oauth.find(KIND, sha256Hex(device.id));
      if (row === undefined) return { device, proven: false, loggedInAt: device.createdAt };
      const kept = KeptSchema.parse(JSON.parse(row.payload));
      const { loggedInAt } = kept;
      if (kept.proofHash === null) return { device, proven: false, loggedInAt };
      const proven = proofHash !== null && sameText(kept.proofHash, proofHash);
      return proven ? { device, proven, loggedInAt } : undefined;
    },
    async remember(deviceId, login) {
      await store.oauth.upsert({
        kind: KIND,
        idHash: sha256Hex(deviceId),
        payload: JSON.stringify(login),
        grantId: null,
        userCode: null,
        uid: null,
        consumedAt: null,
        expiresAt: null,
      });
    },
  };
}

// The public keys that checkpoints and archives are signed with, as the broker tells them.
import { createPublicKey, type KeyObject } from 'node:crypto';
import { auditApi } from 'mcpgate-shared/api/audit';
import type { AdminSession } from '../session/admin-session.ts';

/** By their ids. */
export async function checkpointKeysOf({ api }: Pick<AdminSession, 'api'>): Promise<Map<string, KeyObject>> {
  const { keys } = await api.call(auditApi.keys, {});
  return new Map(keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
}

// What a device says about itself when it asks for a login, made safe to show to the person who is asked to confirm it.
import { z } from 'zod';

export interface DeviceInfo {
  name: string;
  platform: string;
  address: string;
  /** ms since the epoch */
  requestedAt: number;
  /** SHA-256 of the value by which the device proves who it is at its next login; null where it sent none. */
  proofHash: string | null;
  /** The workspace that it asks for; null: the workspace of the person who approves the login. */
  workspace: string | null;
}

export const DeviceInfoSchema = z.object({
  name: z.string(),
  platform: z.string(),
  address: z.string(),
  requestedAt: z.number(),
  proofHash: z.string().nullable().default(null),
  workspace: z.string().nullable().default(null),
});

/** One line without control, formatting or bidirectional characters: nothing that could draw a lie on the confirmation page. */
const plainLine = (value: unknown, fallback: string): string => {
  if (typeof value !== 'string') return fallback;
  const line = value
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, 64);
  return line === '' ? fallback : line;
};

export const readDeviceInfo = (
  params: { device_name?: unknown; device_platform?: unknown; workspace?: unknown },
  seen: { address: string; now: number; proofHash: string | null },
): DeviceInfo => ({
  name: plainLine(params.device_name, 'unnamed device'),
  platform: plainLine(params.device_platform, 'unknown'),
  address: seen.address,
  requestedAt: seen.now,
  proofHash: seen.proofHash,
  workspace: params.workspace === undefined ? null : plainLine(params.workspace, '?'),
});

// The ids of OAuth grants. That of a device's login is `DEVICE_ID.RANDOM`, so that it names the device, and each login of the device has its own.
// That of an HTTP client's login is `oauth-RANDOM`, which `session end` takes too.
import { randomBytes } from 'node:crypto';

const CLIENT_PREFIX = 'oauth-';

export const createGrantId = (deviceId: string): string => `${deviceId}.${randomBytes(16).toString('base64url')}`;

/** The id of the device whose login the grant is; undefined for other grants. */
export function deviceIdOfGrant(grantId: string | undefined): string | undefined {
  const dot = grantId?.indexOf('.') ?? -1;
  return dot > 0 ? grantId?.slice(0, dot) : undefined;
}

export const createClientGrantId = (): string => `${CLIENT_PREFIX}${randomBytes(10).toString('hex')}`;

export const isClientGrantId = (grantId: string): boolean =>
  grantId.startsWith(CLIENT_PREFIX) && !grantId.includes('.');

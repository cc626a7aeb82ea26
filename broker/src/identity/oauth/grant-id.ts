// Names of OAuth grants. A device's login is named `DEVICE_ID.RANDOM`: each login has its own, and each names its device. An HTTP client's
// is `oauth-RANDOM`, which is also what `session end` takes.
import { randomBytes } from 'node:crypto';

const CLIENT_PREFIX = 'oauth-';

export const createGrantId = (deviceId: string): string => `${deviceId}.${randomBytes(16).toString('base64url')}`;

/** The device of a grant; undefined for a grant that is not a device's. */
export function deviceIdOfGrant(grantId: string | undefined): string | undefined {
  const dot = grantId?.indexOf('.') ?? -1;
  return dot > 0 ? grantId?.slice(0, dot) : undefined;
}

export const createClientGrantId = (): string => `${CLIENT_PREFIX}${randomBytes(10).toString('hex')}`;

export const isClientGrantId = (grantId: string): boolean =>
  grantId.startsWith(CLIENT_PREFIX) && !grantId.includes('.');

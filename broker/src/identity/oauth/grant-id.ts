// The OAuth grant of a device's login is named `DEVICE_ID.RANDOM`: each login has its own, and each names its device.
import { randomBytes } from 'node:crypto';

export const createGrantId = (deviceId: string): string => `${deviceId}.${randomBytes(16).toString('base64url')}`;

/** The device of a grant; undefined for a grant that is not a device's. */
export function deviceIdOfGrant(grantId: string | undefined): string | undefined {
  const dot = grantId?.indexOf('.') ?? -1;
  return dot > 0 ? grantId?.slice(0, dot) : undefined;
}

// Forms of values that several keys share.
import { isIP } from 'node:net';
import { z } from 'zod';

export const path = () => z.string().min(1, 'write a path');

/** An address or a range. */
export const cidr = () => z.string().refine(isCidr, 'write an address or a range, as 10.0.0.0/8');

function isCidr(text: string): boolean {
  const [address, prefix, ...rest] = text.split('/');
  const family = isIP(address ?? '');
  if (family === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

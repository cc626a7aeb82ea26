// What the forms and links of the pages send. Anything else is read as empty, and the page says what is missing.
import { z } from 'zod';

const text = (maxLength: number) => z.string().max(maxLength).catch('');

export const TokenQuerySchema = z.object({ token: text(128) }).catch({ token: '' });
export const UserCodeQuerySchema = z.object({ user_code: text(64) }).catch({ user_code: '' });
export const LoginFormSchema = z
  .object({ name: text(256), password: text(1024), user_code: text(64) })
  .catch({ name: '', password: '', user_code: '' });
export const SetupFormSchema = z
  .object({ token: text(128), name: text(256), password: text(1024), repeat: text(1024) })
  .catch({ token: '', name: '', password: '', repeat: '' });
export const DeviceFormSchema = z
  .object({ user_code: text(64), decision: z.enum(['approve', 'deny', '']).catch('') })
  .catch({ user_code: '', decision: '' });

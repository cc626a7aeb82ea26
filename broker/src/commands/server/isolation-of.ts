// Reads the value of a flag that names an isolation: for `server add`, `server set` and the adding from the catalogue.
import { IsolationSchema } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';

/** The isolation that a flag names. Throws `usage`, naming the flag. */
export function isolationOf(flag: string, mode: string): 'shared' | 'per-user' | 'per-session' {
  const known = IsolationSchema.safeParse(mode);
  if (known.success) return known.data;
  throw new GateError('usage', `${flag}: "${mode}" is neither shared, per-user nor per-session`);
}

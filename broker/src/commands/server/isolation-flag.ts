// Reads the flag `--isolation`: of `server add`, `server set`, `server import` and the adding from the catalogue.
import { type Isolation, IsolationSchema } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';

/** Throws `usage`. */
export function isolationFlag(mode: string): Isolation {
  const known = IsolationSchema.safeParse(mode);
  if (known.success) return known.data;
  throw new GateError('usage', `--isolation: "${mode}" is none of ${IsolationSchema.options.join(', ')}`);
}

// What `secret set` and `secret rotate` take besides the value, and that they take no value as an argument.
import { GateError } from 'mcpgate-shared/error';
import { durationFlagMs } from '../../config/duration.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import type { AdminOptions } from '../session/admin-session.ts';
import { futureTime } from '../values.ts';

export interface ExpiryOptions extends AdminOptions {
  expires?: string;
}

export interface SetOptions extends ExpiryOptions {
  from?: string;
  keepFor?: string;
  refresh?: string;
}

export const EXPIRES = 'when its service takes it no more: 90d, or a date; `status` warns before';

export function expiryOf({ expires }: ExpiryOptions, nowMs: number): { expires_at?: string } {
  const at = futureTime('--expires', expires, nowMs);
  return at === undefined ? {} : { expires_at: at };
}

/** Undefined where a value is to be given. */
export function sourceOf({
  from,
  keepFor,
  refresh,
}: SetOptions): { from: string; keep_for_s?: number; refresh_s?: number } | undefined {
  if (from === undefined) {
    if (keepFor === undefined && refresh === undefined) return undefined;
    throw new GateError('usage', `${keepFor === undefined ? '--refresh' : '--keep-for'} says nothing without --from`);
  }
  return {
    from,
    ...(keepFor === undefined ? {} : { keep_for_s: Math.ceil(durationFlagMs('--keep-for', keepFor) / 1000) }),
    ...(refresh === undefined ? {} : { refresh_s: Math.ceil(durationFlagMs('--refresh', refresh) / 1000) }),
  };
}

/** Throws `usage` where there are any. The message repeats none. */
export function refuseValues(
  verb: 'set' | 'rotate',
  name: string,
  values: readonly string[],
  options: AdminOptions,
): void {
  if (values.length === 0) return;
  const where = options.workspace === undefined ? '' : inWorkspace(options.workspace);
  throw new GateError(
    'usage',
    'a value on the command line can be read by other people and stays in the shell history: nothing was stored. ' +
      `Pipe it in (\`secret ${verb} ${name}${where} < FILE\`) or type it at the prompt. Where it was real, replace it at its service.`,
  );
}

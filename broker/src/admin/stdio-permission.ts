// Decides who may register a command. A stdio server is a command that runs on the broker's host, whichever workspace it belongs to. So administrators
// of the first workspace may register any command, and others only those that `stdio.allow` in the configuration lists.
import { GateError } from 'mcpgate-shared/error';
import { type ProcessTransport, runsHere, type Transport } from '../domain/transports/transports.ts';
import type { AllowedCommand } from '../domain/stdio-settings.ts';
import { DEFAULT_WORKSPACE } from '../domain/workspace.ts';
import type { Caller } from './operation.ts';

type Who = Pick<Caller, 'role' | 'homeWorkspaceId'>;

/** Throws `forbidden` where the transport is a command that the caller may not register. */
export function assertMayRun(
  caller: Who,
  server: string,
  transport: Transport,
  allow: readonly AllowedCommand[],
): void {
  if (!runsHere(transport)) return;
  if (caller.role === 'admin' && caller.homeWorkspaceId === DEFAULT_WORKSPACE) return;
  const named = allow.filter(({ command }) => command === transport.command);
  const objections = named.map((allowed) => objection(transport, allowed));
  if (objections.includes(undefined)) return;
  throw new GateError(
    'forbidden',
    `${server} is a command that runs on the broker's host, which an administrator of the workspace ${DEFAULT_WORKSPACE} must add, import or change; ` +
      `others may where stdio.allow of the broker's configuration allows it, and ${objections[0] ?? `it does not name ${transport.command}`}`,
  );
}

/** Why this entry of `stdio.allow` does not allow the command; undefined where it does. */
function objection({ args, env, cwd, limits }: ProcessTransport, allowed: AllowedCommand): string | undefined {
  if (!allowed.args.every((arg, index) => args[index] === arg))
    return `its arguments must begin with: ${allowed.args.join(' ')}`;
  const other = Object.keys(env).find((name) => !allowed.env.includes(name));
  if (other !== undefined) return `it does not let others set ${other}`;
  if (cwd !== undefined) return 'it does not let others choose a working directory';
  return limits === undefined ? undefined : 'it does not let others choose limits';
}

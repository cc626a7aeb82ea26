// Decides who may register a command. A stdio server is a command that runs on the broker's host, whichever workspace it belongs to. So administrators
// of the first workspace may register any command, and others only those that `stdio.allow` in the configuration lists.
import { may } from 'mcpgate-shared/api/roles';
import { GateError } from 'mcpgate-shared/error';
import { type ProcessTransport, runsHere, type Transport } from '../../domain/transports/transports.ts';
import type { OwnLimits } from '../../domain/bounds/resource-limits.ts';
import type { AllowedCommand } from '../../domain/transports/stdio-settings.ts';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { Caller } from '../operation.ts';

type Who = Pick<Caller, 'role' | 'homeWorkspaceId'>;

/**
 * Throws `forbidden` where the transport is a command that the caller may not register. `before`: what it was, of which others than
 * administrators change neither the network to a wider one nor the limits.
 */
export function assertMayRun(
  caller: Who,
  server: string,
  transport: Transport,
  allow: readonly AllowedCommand[],
  before?: Transport,
): void {
  if (!runsHere(transport)) return;
  if (may(caller.role, 'commands') && caller.homeWorkspaceId === DEFAULT_WORKSPACE) return;
  const named = allow.filter(({ command }) => command === transport.command);
  const objections = named.map((allowed) => objection(transport, allowed, before));
  if (objections.includes(undefined)) return;
  throw new GateError(
    'forbidden',
    `${server} is a command that runs on the broker's host, which an administrator of the workspace ${DEFAULT_WORKSPACE} must add, import or change; ` +
      `others may where stdio.allow of the broker's configuration allows it, and ${objections[0] ?? `it does not name ${transport.command}`}`,
  );
}

/** Why this entry of `stdio.allow` does not allow the command; undefined where it does. */
function objection(
  { args, env, cwd, limits = {}, network }: ProcessTransport,
  allowed: AllowedCommand,
  before: Transport | undefined,
): string | undefined {
  if (!allowed.args.every((arg, index) => args[index] === arg))
    return `its arguments must begin with: ${allowed.args.join(' ')}`;
  const other = Object.keys(env).find((name) => !allowed.env.includes(name));
  if (other !== undefined) return `it does not let others set ${other}`;
  if (cwd !== undefined) return 'it does not let others choose a working directory';
  const known = before !== undefined && runsHere(before) ? before : undefined;
  if (known?.network === 'none' && network !== 'none') return 'an administrator gave it no network';
  return isSame(limits, known?.limits ?? {}) ? undefined : 'it does not let others choose limits';
}

function isSame(limits: OwnLimits, others: OwnLimits): boolean {
  const names = new Set([...Object.keys(limits), ...Object.keys(others)]);
  const [some, more] = [new Map(Object.entries(limits)), new Map(Object.entries(others))];
  return [...names].every((name) => some.get(name) === more.get(name));
}

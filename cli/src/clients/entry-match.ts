// Whether an entry that is there already is ours, and how much of it to touch.
import { isDeepStrictEqual } from 'node:util';

type Entry = Readonly<Record<string, unknown>>;

/** The launcher, or the command itself. */
const MCPGATE = /(?:^|[\\/])mcpgate(?:\.cmd|\.exe)?$/i;

/** Whether an entry already does what `wanted` says; what else stands in it is the person's. */
export function isCurrent(existing: unknown, wanted: Entry): boolean {
  return isObject(existing) && Object.entries(wanted).every(([key, value]) => isDeepStrictEqual(existing[key], value));
}

/** Whether only what differs is to be replaced: an entry that starts a program in the same way, not one that connects to a URL. */
function isSameKind(existing: unknown, wanted: Entry): existing is Record<string, unknown> {
  if (!isObject(existing) || 'url' in existing || 'serverUrl' in existing || 'httpUrl' in existing) return false;
  return Array.isArray(existing['command']) === Array.isArray(wanted['command']) && 'command' in existing;
}

/**
 * Whether an entry of our name was made by install-clients, now or by an earlier version: it starts a program called mcpgate with `serve`.
 * Any other is the person's own, whatever it is called.
 */
export function isOurs(existing: unknown, wanted: Entry): existing is Record<string, unknown> {
  if (!isSameKind(existing, wanted)) return false;
  const { command, args } = existing;
  const [program, first] = Array.isArray(command) ? command : [command, Array.isArray(args) ? args[0] : undefined];
  return typeof program === 'string' && MCPGATE.test(program) && first === 'serve';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

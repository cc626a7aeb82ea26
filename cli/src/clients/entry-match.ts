// Decides whether an existing entry named `mcpgate` was made by mcpgate, and whether it is up to date.
import { isDeepStrictEqual } from 'node:util';

type Entry = Readonly<Record<string, unknown>>;

/** The path of the launcher, or of the command itself. */
const MCPGATE = /(?:^|[\\/])mcpgate(?:\.cmd|\.exe)?$/i;

/** Whether an entry has everything that `wanted` has; its other members belong to the person. */
export function isCurrent(existing: unknown, wanted: Entry): boolean {
  return isObject(existing) && Object.entries(wanted).every(([key, value]) => isDeepStrictEqual(existing[key], value));
}

/** Whether an entry starts a program in the same way as `wanted`, instead of connecting to a URL; then only members that differ are replaced. */
function isSameKind(existing: unknown, wanted: Entry): existing is Record<string, unknown> {
  if (!isObject(existing) || 'url' in existing || 'serverUrl' in existing || 'httpUrl' in existing) return false;
  return Array.isArray(existing['command']) === Array.isArray(wanted['command']) && 'command' in existing;
}

/**
 * Whether an entry named `mcpgate` was made by `install-clients`, of this or an earlier version: it starts a program called mcpgate with `serve`.
 * Any other entry of that name belongs to the person.
 */
export function isOurs(existing: unknown, wanted: Entry): existing is Record<string, unknown> {
  if (!isSameKind(existing, wanted)) return false;
  const { command, args } = existing;
  const [program, first] = Array.isArray(command) ? command : [command, Array.isArray(args) ? args[0] : undefined];
  return typeof program === 'string' && MCPGATE.test(program) && first === 'serve';
}

/** What stands behind `serve` in an entry of mcpgate's; undefined: it is none. */
export function argumentsOf(existing: unknown, wanted: Entry): readonly string[] | undefined {
  if (!isOurs(existing, wanted)) return undefined;
  const { command, args } = existing;
  const words: unknown[] = Array.isArray(command) ? command.slice(2) : Array.isArray(args) ? args.slice(1) : [];
  return words.every((word) => typeof word === 'string') ? words : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

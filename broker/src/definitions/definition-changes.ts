// How one text of a definition differs from another, value by value, so that people can read it. Pure.
import { isRecord } from '../mcp/json-rpc-guard.ts';

export interface DefinitionChange {
  /** A path: `inputSchema.properties.path.description`. */
  at: string;
  /** Texts as they are, other values as JSON; null: it is not there. */
  before: string | null;
  after: string | null;
}

/** `before` and `after`: JSON values; undefined: there is none. In the order of the paths. */
export function definitionChanges(before: unknown, after: unknown): DefinitionChange[] {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((at) => old.get(at) !== now.get(at))
    .sort()
    .map((at) => ({ at, before: shown(old.get(at)), after: shown(now.get(at)) }));
}

/** JSON texts of all values that have no parts, by their places. */
function leavesOf(value: unknown): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const walk = (inner: unknown, at: string): void => {
    const parts = Array.isArray(inner)
      ? inner.map((each, index) => [`${at}[${index}]`, each as unknown] as const)
      : isRecord(inner)
        ? Object.entries(inner).map(([name, each]) => [at === '' ? name : `${at}.${name}`, each] as const)
        : [];
    if (parts.length > 0) for (const [place, each] of parts) walk(each, place);
    else leaves.set(at, JSON.stringify(inner));
  };
  if (value !== undefined) walk(value, '');
  return leaves;
}

function shown(json: string | undefined): string | null {
  if (json === undefined) return null;
  return json.startsWith('"') ? (JSON.parse(json) as string) : json;
}

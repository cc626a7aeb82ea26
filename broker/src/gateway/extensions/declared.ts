// The extensions of MCP that servers declare, and what several servers declare of them as one (`capabilities.extensions`).
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import type { ServerFacts } from '../../upstreams/upstream.ts';

export const EXTENSION = {
  tasks: 'io.modelcontextprotocol/tasks',
  skills: 'io.modelcontextprotocol/skills',
  events: 'io.modelcontextprotocol/events',
} as const;

type Said = Pick<ServerFacts, 'capabilities' | 'generation'>;

/** Whether a server has the extension. Events were a capability of their own before they were an extension. */
export function declares({ capabilities }: Pick<Said, 'capabilities'>, extension: string): boolean {
  const { extensions, events } = capabilities;
  if (isRecord(extensions) && isRecord(extensions[extension])) return true;
  return extension === EXTENSION.events && isRecord(events);
}

/**
 * What clients of a generation are told of these servers' extensions; undefined: they have none. Tasks of the two generations are not compatible;
 * all other extensions are made of requests and `_meta`, which are the same in both. Which event types there are changes with the rules, too.
 */
export function extensionsOf(servers: readonly Said[], generation: ServerFacts['generation']): JsonRecord | undefined {
  const merged = new Map<string, unknown>();
  for (const { capabilities, generation: own } of servers) {
    if (!isRecord(capabilities['extensions'])) continue;
    for (const [name, settings] of Object.entries(capabilities['extensions'])) {
      if (!isRecord(settings) || (name === EXTENSION.tasks && own !== generation)) continue;
      merged.set(
        name,
        merge(merged.get(name), name === EXTENSION.events ? { ...settings, listChanged: true } : settings),
      );
    }
  }
  return merged.size === 0 ? undefined : Object.fromEntries(merged);
}

/** What one of them can do, all can: a request goes to a server that has what it asks for. Where they contradict each other the first one counts. */
function merge(one: unknown, other: unknown): unknown {
  if (one === undefined) return other;
  if (typeof one === 'boolean' && typeof other === 'boolean') return one || other;
  if (Array.isArray(one) && Array.isArray(other))
    return [...new Set<unknown>([...one, ...other])].slice(0, MOST_VALUES);
  if (!isRecord(one) || !isRecord(other)) return one;
  const members = new Map(Object.entries(one));
  for (const [key, value] of Object.entries(other)) members.set(key, merge(members.get(key), value));
  return Object.fromEntries(members);
}

const MOST_VALUES = 100;

// What each server offers, under the names that clients see. Kept per server (and person, where its processes are per person), so that a
// call finds its tool without listing again.
import { findMember, scanObject } from 'mcpgate-shared/json-span';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Upstreams, UpstreamTool } from '../upstreams/upstream.ts';
import { markReservedMembers } from './reserved-text.ts';
import { exposedName } from './tool-name.ts';

export interface CatalogTool {
  /** The server's own name. */
  ownName: string;
  /** `SERVER__TOOL`, cut where it is too long. */
  name: string;
  /** What rules speak of: `SERVER__TOOL`, never cut. */
  what: string;
  /** The tool object as JSON text, under `name`. */
  text: string;
  /** The same under the server's own name. */
  ownText: string;
}

export interface ServerTools {
  all: readonly CatalogTool[];
  byName: ReadonlyMap<string, CatalogTool>;
  byOwnName: ReadonlyMap<string, CatalogTool>;
}

export interface ToolCatalog {
  known(server: ServerRecord, userKey: string): ServerTools | undefined;
  /** Lists where it is not known; callers at the same time share one listing. */
  list(server: ServerRecord, userKey: string): Promise<ServerTools>;
  /** Forgets what may have changed. */
  forget(change: { workspaceId: string; server: string; userKey: string | null }): void;
}

/** Lists of people's own processes are kept for so many; the oldest goes first. */
const MAX_KEPT = 5_000;

export function createToolCatalog(upstreams: Upstreams): ToolCatalog {
  const kept = new Map<string, ServerTools>();
  const underWay = new Map<string, Promise<ServerTools>>();
  /** Grows with each `forget` of a server: a list that was read across it may be the list of before. */
  const forgets = new Map<string, number>();
  /** Lists that people share are made once, however many processes gave them. */
  const made = new WeakMap<readonly UpstreamTool[], ServerTools>();

  const keyOf = (server: ServerRecord, userKey: string): string =>
    `${server.workspaceId}\n${server.name}\n${server.isolation === 'shared' ? '' : userKey}`;

  async function fetch(key: string, server: ServerRecord, userKey: string): Promise<ServerTools> {
    const place = `${server.workspaceId}\n${server.name}\n`;
    for (;;) {
      const version = forgets.get(place);
      const session = await upstreams.acquire(server, userKey);
      const listed = await session.tools(NEVER);
      let tools = made.get(listed);
      if (tools === undefined) {
        tools = expose(server.name, listed);
        made.set(listed, tools);
      }
      if (forgets.get(place) !== version) continue;
      kept.set(key, tools);
      const oldest = kept.keys().next();
      if (kept.size > MAX_KEPT && oldest.done !== true) kept.delete(oldest.value);
      return tools;
    }
  }

  return {
    known: (server, userKey) => kept.get(keyOf(server, userKey)),
    list(server, userKey) {
      const key = keyOf(server, userKey);
      const known = kept.get(key);
      if (known !== undefined) return Promise.resolve(known);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const started = fetch(key, server, userKey);
      underWay.set(key, started);
      const over = () => {
        if (underWay.get(key) === started) underWay.delete(key);
      };
      started.then(over, over);
      return started;
    },
    forget({ workspaceId, server, userKey }) {
      const prefix = `${workspaceId}\n${server}\n`;
      const isMeant = (key: string) => (userKey === null ? key.startsWith(prefix) : key === prefix + userKey);
      forgets.set(prefix, (forgets.get(prefix) ?? 0) + 1);
      for (const key of kept.keys()) if (isMeant(key)) kept.delete(key);
    },
  };
}

const NEVER = new AbortController().signal;

function expose(server: string, listed: readonly UpstreamTool[]): ServerTools {
  const byName = new Map<string, CatalogTool>();
  const byOwnName = new Map<string, CatalogTool>();
  for (const { name: ownName, text } of listed) {
    const { members } = scanObject(text);
    const nameAt = findMember(members, 'name');
    const name = exposedName(server, ownName);
    // Two names that are cut to the same one: the second cannot be called, so it is not shown.
    if (nameAt === undefined || byName.has(name)) continue;
    const renamed = text.slice(0, nameAt.start) + JSON.stringify(name) + text.slice(nameAt.end);
    const tool: CatalogTool = {
      ownName,
      name,
      what: `${server}__${ownName}`,
      text: markReservedMembers(renamed, TEXTS_OF_A_TOOL, server),
      ownText: markReservedMembers(text, TEXTS_OF_A_TOOL, server),
    };
    byName.set(name, tool);
    byOwnName.set(ownName, tool);
  }
  return { all: [...byName.values()], byName, byOwnName };
}

const TEXTS_OF_A_TOOL = ['title', 'description'];

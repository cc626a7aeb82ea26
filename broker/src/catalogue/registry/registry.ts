// An MCP registry (API v0.1, github.com/modelcontextprotocol/registry): searched, and asked for one server's newest version.
import type { CatalogueEntry, CatalogueList } from 'mcpgate-shared/api/catalogue';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import { entryFromServer } from './entry-from-server.ts';
import { ServerListSchema } from './server-json.ts';

export interface Registry {
  /** The newest versions of the servers that the word occurs in. Throws `unreachable` or `protocol`. */
  search(word: string): Promise<CatalogueList>;
  /** Throws `not_found` for a name that it does not have, `usage` for a server that cannot be added. */
  find(name: string): Promise<CatalogueEntry>;
}

const PAGE = 50;
/** More than so many pages nobody reads: a longer word finds less. */
const MAX_PAGES = 4;

export function createRegistry({ url, fetch }: { url: string; fetch: GuardedFetch }): Registry {
  const { host } = new URL(url);

  /** The document at a path below the registry; undefined for 404. */
  const get = async (path: string): Promise<unknown> => {
    const { status, body } = await fetch(`${url.replace(/\/+$/, '')}/v0.1/${path}`, {
      headers: { accept: 'application/json' },
    });
    if (status === 404) return undefined;
    if (status !== 200) throw new GateError('unreachable', `the MCP registry at ${host} answered with HTTP ${status}`);
    try {
      return JSON.parse(body.toString('utf8'));
    } catch (error) {
      throw new GateError('protocol', `${host} is no MCP registry of API v0.1: it did not answer with JSON`, {
        cause: error,
      });
    }
  };

  const page = async (search: string, cursor: string | undefined) => {
    const query = new URLSearchParams({ search, version: 'latest', limit: String(PAGE) });
    if (cursor !== undefined) query.set('cursor', cursor);
    const read = ServerListSchema.safeParse(await get(`servers?${query.toString()}`));
    if (read.success) return read.data;
    throw new GateError('protocol', `${host} is no MCP registry of API v0.1: its list of servers is in another form`);
  };

  return {
    async search(word) {
      const list: CatalogueList = { entries: [], left_out: [] };
      let cursor: string | undefined;
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        const { servers, metadata } = await page(word, cursor);
        for (const server of servers) {
          try {
            list.entries.push(entryFromServer(server));
          } catch (error) {
            list.left_out.push({ name: nameOf(server), why: toGateError(error).message });
          }
        }
        cursor = metadata?.nextCursor ?? undefined;
        if (cursor === undefined || cursor === '') break;
      }
      return list;
    },
    async find(name) {
      const answer = await get(`servers/${encodeURIComponent(name)}/versions/latest`);
      if (answer === undefined)
        throw new GateError(
          'not_found',
          `the MCP registry at ${host} has no server ${name}; \`server catalogue --registry WORD\` searches it`,
        );
      try {
        return entryFromServer(answer);
      } catch (error) {
        const { code, message } = toGateError(error);
        throw new GateError(code, `${name} cannot be added: ${message}`, { cause: error });
      }
    },
  };
}

function nameOf(answer: unknown): string {
  const server: unknown =
    typeof answer === 'object' && answer !== null && 'server' in answer ? answer.server : undefined;
  const name: unknown = typeof server === 'object' && server !== null && 'name' in server ? server.name : undefined;
  return typeof name === 'string' ? name.slice(0, 200) : '(no name)';
}

// Looks at what shared servers list as soon as they have listed it, and not when the first client asks: what is kept as first seen is then what whoever
// added the server has seen, and a change is known, and told, although nobody lists. Servers with a connection for each person are looked at when they
// are tested, and when a person lists.
import type { BaseLogger } from 'pino';
import { toGateError } from 'mcpgate-shared/error';
import type { ListKind } from '../mcp/list-kind.ts';
import type { UpstreamEvent, Upstreams, UpstreamSession } from '../upstreams/upstream.ts';
import type { Definitions } from './definitions.ts';

const KINDS: readonly ListKind[] = ['tools', 'prompts', 'templates'];
const NEVER = new AbortController().signal;
/** On a connection that people share nobody's own account is used. */
const NOBODY = { userKey: null };

/** Returns the function that ends it. */
export function pinAtOnce(parts: {
  upstreams: Pick<Upstreams, 'onEvent' | 'servers'>;
  definitions: Pick<Definitions, 'review' | 'instructions'>;
  log: Pick<BaseLogger, 'debug'>;
}): () => void {
  const { upstreams, definitions, log } = parts;
  /** By workspace and name: the present connection of each server that people share. */
  const sessions = new Map<string, UpstreamSession>();

  async function pin(event: UpstreamEvent, session: UpstreamSession, kinds: readonly ListKind[]): Promise<void> {
    const recordNow = () => upstreams.servers(event.workspaceId).find(({ name }) => name === event.server);
    for (const kind of kinds) {
      const listed = await session.list(kind, NEVER);
      const record = recordNow();
      if (record === undefined) return;
      await definitions.review(record, kind, NOBODY, listed);
    }
    const record = recordNow();
    if (event.kind === 'connected' && record !== undefined)
      await definitions.instructions(record, NOBODY, session.facts.instructions?.trim() ?? '');
  }

  return upstreams.onEvent((event) => {
    if (event.place !== null || (event.kind !== 'connected' && event.kind !== 'list_changed')) return;
    const key = `${event.workspaceId}\n${event.server}`;
    if (event.kind === 'connected') sessions.set(key, event.session);
    const session = sessions.get(key);
    if (session === undefined) return;
    if (event.kind === 'list_changed' && event.list === 'all') {
      // The record has changed or is gone; a connection that there is then says so itself.
      if (!upstreams.servers(event.workspaceId).some(({ name }) => name === event.server)) sessions.delete(key);
      return;
    }
    const kinds = event.kind === 'connected' ? KINDS : KINDS.filter((kind) => kind === event.list);
    // Whoever lists next reads again what cannot be read or kept now, and nothing is served that is not kept.
    pin(event, session, kinds).catch((error: unknown) =>
      log.debug({ server: event.server, error: toGateError(error).message }, 'definitions could not be looked at yet'),
    );
  });
}

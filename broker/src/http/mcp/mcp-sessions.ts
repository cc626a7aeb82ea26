// All HTTP sessions of legacy clients. Each belongs to one owner, ends when the owner's credential is revoked, and is ended after 30 minutes
// without use.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { ownerOf } from '../../domain/people/owner-of.ts';
import type { Principal } from '../../domain/people/principal.ts';
import type { Gateway, ToolMode } from '../../gateway/gateway.ts';
import type { Identity } from '../../identity/identity.ts';
import { createEventMemory } from './event-memory.ts';
import { openHttpSession, type HttpSession } from './mcp-session.ts';
import { isRevoked } from '../../domain/people/revocation.ts';

export interface HttpSessions {
  /** Opens a session. Past the limit of its owner an idle one is ended for it; throws `throttled` where all are in use. */
  open(principal: Principal, address: string, server: string | undefined, tools: ToolMode | undefined): HttpSession;
  /** Undefined where the session is unknown, has ended, is for another server, or belongs to another owner. */
  find(id: string, principal: Principal, server: string | undefined): HttpSession | undefined;
  end(session: HttpSession, reason: string): Promise<void>;
  stats(): { sessions: number; open: number; pending: number };
  close(reason: string): Promise<void>;
}

const IDLE_MS = 30 * 60_000;
const SWEEP_MS = 60_000;
const MAX_PER_OWNER = 256;
/** How much is kept for clients that resume a stream, for all sessions of one owner together. */
const EVENTS_PER_OWNER_BYTES = 32 * 1024 * 1024;

interface Entry {
  session: HttpSession;
  owner: string;
  server: string | undefined;
}

export function createHttpSessions(options: {
  gateway: Gateway;
  identity: Pick<Identity, 'onRevoked'>;
  clock: Clock;
  onError: (error: unknown) => void;
}): HttpSessions {
  const { clock } = options;
  const entries = new Map<string, Entry>();
  const byOwner = new Map<string, Set<Entry>>();
  const memory = createEventMemory(EVENTS_PER_OWNER_BYTES);

  async function end(entry: Entry, reason: string): Promise<void> {
    entries.delete(entry.session.id);
    const own = byOwner.get(entry.owner);
    own?.delete(entry);
    if (own?.size === 0) byOwner.delete(entry.owner);
    await entry.session.close(reason);
  }

  let cancelSweep = clock.after(SWEEP_MS, sweep);
  function sweep(): void {
    cancelSweep = clock.after(SWEEP_MS, sweep);
    memory.expire();
    for (const entry of [...entries.values()]) {
      if (entry.session.open > 0 || clock.now() - entry.session.lastUsedAt < IDLE_MS) continue;
      end(entry, 'the session was not used for a while').catch(options.onError);
    }
  }

  const live = () => [...entries.values()].map(({ session }) => session.principal);
  const endRevoked = options.identity.onRevoked(async (revocation) => {
    const meant = [...entries.values()].filter(({ session }) => isRevoked(revocation, session.principal));
    const links = meant.filter(({ session }) => session.open > 0).length;
    const calls = meant.reduce((sum, { session }) => sum + session.pending, 0);
    await Promise.all(meant.map((entry) => end(entry, revocation.reason)));
    return { linksClosed: links, callsCancelled: calls };
  }, live);

  return {
    open(principal, address, server, tools) {
      const owner = ownerOf(principal);
      const own = byOwner.get(owner) ?? new Set();
      if (own.size >= MAX_PER_OWNER) {
        const idle = [...own].find(({ session }) => session.open === 0);
        if (idle === undefined) {
          throw new GateError('throttled', `this login has ${MAX_PER_OWNER} sessions in use; end some`);
        }
        end(idle, 'the login has opened too many sessions').catch(options.onError);
      }
      const { gateway } = options;
      const session = openHttpSession({ id: randomUUID(), principal, address, server, tools, gateway, clock, memory });
      const entry = { session, owner, server };
      entries.set(session.id, entry);
      own.add(entry);
      byOwner.set(owner, own);
      return session;
    },
    find(id, principal, server) {
      const entry = entries.get(id);
      return entry?.owner === ownerOf(principal) && entry.server === server ? entry.session : undefined;
    },
    async end(session, reason) {
      const entry = entries.get(session.id);
      if (entry !== undefined) await end(entry, reason);
    },
    stats() {
      let open = 0;
      let pending = 0;
      for (const { session } of entries.values()) {
        open += session.open;
        pending += session.pending;
      }
      return { sessions: entries.size, open, pending };
    },
    async close(reason) {
      endRevoked();
      cancelSweep();
      await Promise.all([...entries.values()].map((entry) => end(entry, reason)));
    },
  };
}

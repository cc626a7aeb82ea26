// A connection that speaks with its server: in the way that worked last time, else in the ways that there are, one after the other.
import { type GateError, toGateError } from 'mcpgate-shared/error';
import { createMcpSession, type McpSession, type McpSessionOptions } from './mcp-session.ts';
import type { Speech } from './generation-memory.ts';
import type { OpenWire } from './wire.ts';

export interface OpenSessionOptions extends McpSessionOptions {
  /** The transport of 2024-11-05, for servers at a URL. */
  openSseWire: OpenWire | undefined;
  /** Ends the attempt. */
  signal?: AbortSignal | undefined;
}

/** Statuses of a server that has no Streamable HTTP at its URL (2026-07-28, Streamable HTTP, "HTTP+SSE Transport"). */
const NO_STREAMABLE_HTTP: ReadonlySet<unknown> = new Set([400, 404, 405]);

/** Throws GateError; nothing is left open then. */
export async function openSession(options: OpenSessionOptions): Promise<McpSession> {
  const { speech, openSseWire } = options;
  const known = speech.get();
  if (known === 'sse' && openSseWire !== undefined) {
    try {
      return await attempt(options, 'sse', openSseWire);
    } catch (error) {
      speech.forget();
      throw error;
    }
  }
  try {
    return await attempt(options, known, options.openWire);
  } catch (cause) {
    const error = toGateError(cause);
    if (options.signal?.aborted === true) throw error;
    if (error.data?.['under'] !== undefined) {
      // It has died of the handshake, perhaps because it cannot bear what it does not know.
      if (known !== undefined) speech.forget();
      else if (error.data['under'] === 'server/discover') {
        speech.learn('legacy');
        return await attempt(options, 'legacy', options.openWire);
      }
    }
    if (openSseWire === undefined || !NO_STREAMABLE_HTTP.has(error.data?.['status'])) throw error;
    return await attempt(options, 'sse', openSseWire).catch((other: unknown) => {
      // No such stream either: what was said about the usual way is of more use.
      throw toGateError(other).data?.['hasEndpoint'] === true ? other : error;
    });
  }
}

async function attempt(
  options: OpenSessionOptions,
  known: Speech | undefined,
  openWire: OpenWire,
): Promise<McpSession> {
  let early: GateError | undefined;
  let isUp = false;
  const session = createMcpSession({
    ...options,
    openWire,
    onClosed(error) {
      // Until the handshake is over it is the handshake that says so.
      if (isUp) options.onClosed(error);
      else early = error;
    },
  });
  const onAbort = (): void => void session.close();
  options.signal?.addEventListener('abort', onAbort);
  try {
    await session.start(known);
    isUp = true;
    if (early !== undefined) throw early;
    options.speech.learn(known === 'sse' ? 'sse' : session.facts.generation);
    return session;
  } catch (cause) {
    await session.close();
    throw toGateError(cause);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

// Opens a session with a server: in the way that worked last time, else in each possible way, one after the other.
import { type GateError, toGateError } from 'mcpgate-shared/error';
import { attemptOf } from '../attempt.ts';
import { createMcpSession, type McpSession, type McpSessionOptions } from './mcp-session.ts';
import type { Opening } from '../pool/opening-memory.ts';
import { remedy } from '../remedy.ts';
import type { OpenWire } from '../wires/wire.ts';

export interface OpenSessionOptions extends McpSessionOptions {
  /** Opens a wire of the transport of 2024-11-05, for servers at a URL. */
  openSseWire: OpenWire | undefined;
  /** Ends the attempt when aborted. */
  signal?: AbortSignal | undefined;
}

/** Throws GateError, and leaves nothing open then. */
export async function openSession(options: OpenSessionOptions): Promise<McpSession> {
  const { opening, openSseWire } = options;
  const known = opening.get();
  if (known === 'sse' && openSseWire !== undefined) {
    try {
      return await attempt(options, 'sse', openSseWire);
    } catch (error) {
      opening.forget();
      throw error;
    }
  }
  try {
    return await attempt(options, known, options.openWire);
  } catch (cause) {
    const error = toGateError(cause);
    if (options.signal?.aborted === true) throw error;
    const failed = attemptOf(error);
    // The connection ended during the handshake: perhaps the server cannot bear a method that it does not know.
    if (failed.endedUnder !== undefined && known !== undefined) opening.forget();
    const next = remedy(failed, { what: 'opening', isKnown: known !== undefined });
    if (next === 'other_generation') {
      opening.learn('legacy');
      return await attempt(options, 'legacy', options.openWire);
    }
    if (openSseWire === undefined || next !== 'other_transport') throw error;
    return await attempt(options, 'sse', openSseWire).catch((other: unknown) => {
      // Where the server is not of that transport either, the error of the usual transport says more.
      throw attemptOf(other).hasEndpoint === true ? other : error;
    });
  }
}

async function attempt(
  options: OpenSessionOptions,
  known: Opening | undefined,
  openWire: OpenWire,
): Promise<McpSession> {
  let early: GateError | undefined;
  let isUp = false;
  const session = createMcpSession({
    ...options,
    openWire,
    onClosed(error) {
      // During the handshake, the handshake itself fails with the error.
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
    options.opening.learn(known === 'sse' ? 'sse' : session.facts.generation);
    return session;
  } catch (cause) {
    await session.close();
    throw toGateError(cause);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

// `logging/setLevel`, and which clients get a server's log messages. Messages on a connection that people share may be about any of them, so no
// client gets those; messages on a connection of one person or session are passed on to it.
import { isolationOf } from '../../domain/server-record.ts';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { toGateError } from 'mcpgate-shared/error';
import { isRecord, parseRecord } from '../../mcp/json-rpc-guard.ts';
import { LOG_LEVELS } from '../../upstreams/session/tidy/notification.ts';
import type { UpstreamEvent } from '../../upstreams/upstream.ts';
import { EMPTY_RESULT, errorReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { usableServers } from '../lists/usable-servers.ts';

/** Sends the level to all servers on whose connections the caller is alone. A server where this fails gets it with the next `logging/setLevel`. */
export async function setLogLevel(
  parts: GatewayParts,
  scope: SessionScope,
  { request, signal }: Handling,
): Promise<Reply> {
  const level = request.params['level'];
  if (typeof level !== 'string' || !LOG_LEVELS.includes(level)) {
    return errorReply(RPC_CODE.invalidParams, `"level" must be one of ${LOG_LEVELS.join(', ')}`);
  }
  scope.logLevel = level;
  const paramsText = JSON.stringify({ level });
  const own = (await usableServers(parts, scope)).filter((server) => isolationOf(server) !== 'shared');
  await Promise.all(
    own.map(async (server) => {
      try {
        const session = await parts.upstreams.acquire(server, scope.requester);
        if (!isRecord(session.facts.capabilities['logging'])) return;
        await session.request({ method: 'logging/setLevel', paramsText, signal });
      } catch (error) {
        parts.log.debug({ server: server.name, error: toGateError(error).message }, 'a log level was not set');
      }
    }),
  );
  return EMPTY_RESULT;
}

/** Sends the session's level on a connection of its own that was just made, because the one before may have had it. */
export function tellLogLevel(
  { log }: Pick<GatewayParts, 'log'>,
  { logLevel }: SessionScope,
  { place, server, session }: UpstreamEvent & { kind: 'connected' },
): void {
  if (place === null || logLevel === undefined || !isRecord(session.facts.capabilities['logging'])) return;
  session
    .request({ method: 'logging/setLevel', paramsText: JSON.stringify({ level: logLevel }), signal: NEVER })
    .catch((error: unknown) => log.debug({ server, error: toGateError(error).message }, 'a log level was not set'));
}

const NEVER = new AbortController().signal;

/**
 * Whether the session wants a `notifications/message` of this severity. A client that set no level gets all of them up to 2025-11-25, and none
 * since 2026-07-28.
 */
export function isLogged({ logLevel, requester }: SessionScope, paramsText: string): boolean {
  if (logLevel === undefined) return requester.generation === 'legacy';
  const level = parseRecord(paramsText)?.['level'];
  return typeof level !== 'string' || LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(logLevel);
}

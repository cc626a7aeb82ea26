// The upstream session that a slot gives its callers. Where a request fails because of its connection, and was not executed or may be repeated,
// the session sends it once more over the slot's next connection.
import type { Clock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import type { RetryReason } from '../../domain/call-record.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import { attemptOf, withWords } from '../attempt.ts';
import type { Connection } from './connect.ts';
import { remedy, retryReason } from '../remedy.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { ListedItem, UpstreamRequest, UpstreamSession } from '../upstream.ts';

/** Called where a request gets no result. */
type OnRefused = () => void;

export interface SlotSessionOptions {
  serverName: string;
  clock: Clock;
  /** Called before a request is sent. The function that it returns is called where the server does not answer with a result. */
  onRequest: (method: string, paramsText: string) => OnRefused | undefined;
  onListed: (connection: Connection, kind: ListKind, list: readonly ListedItem[]) => void;
  /** Called where a request went unanswered for long. `isWorthIt`: asked later, whether a server that is silent then is to be replaced. */
  onSilent: (connection: Connection, isWorthIt: () => boolean) => void;
  /** Returns the slot's next connection; `failed` gets no new requests. */
  replace: (failed: Connection) => Promise<Connection>;
}

/** When a caller cancels a call after so long, the server is asked whether it answers at all. */
const LONG_MS = 30_000;

export function createSlotSession(first: Connection, options: SlotSessionOptions): UpstreamSession {
  const { serverName, clock } = options;
  let connection = first;

  async function onFreshConnection<T>(
    cause: unknown,
    again: (fresh: Connection, reason: RetryReason) => Promise<T>,
    { repeatable, signal }: Partial<Pick<UpstreamRequest, 'repeatable' | 'signal'>> = {},
  ): Promise<T> {
    const reason = retryReason(cause, repeatable);
    if (reason === undefined) throw cause;
    if (reason === 'unauthorized') connection.noteRefused();
    try {
      const next = options.replace(connection);
      connection = await (signal === undefined ? next : untilAborted(next, signal)).catch((error: unknown) => {
        if (reason === repeatable) throw error;
        // The server turned away the first request, and there was no second one.
        const failure = toGateError(error);
        throw withWords(failure, failure.message, { isUnexecuted: true });
      });
      return await again(connection, reason);
    } catch (error) {
      // The second request was not executed, but the first one may have been: its error counts.
      const isUnknown = reason === repeatable && retryReason(error, undefined) !== undefined;
      throw isUnknown ? cause : error;
    }
  }

  async function listed(
    kind: ListKind,
    read: (from: Connection) => Promise<readonly ListedItem[]>,
  ): Promise<readonly ListedItem[]> {
    const list = await read(connection).catch((cause: unknown) => onFreshConnection(cause, read));
    options.onListed(connection, kind, list);
    return list;
  }

  return {
    serverName,
    get facts() {
      return connection.session.facts;
    },
    get secretVersions() {
      return connection.secretVersions;
    },
    request: (request) => {
      const startedAt = clock.now();
      const used = connection;
      const onRefused = options.onRequest(request.method, request.paramsText);
      used.noteUse();
      const reply = used.session.request(request).catch((cause: unknown) => {
        if (remedy(attemptOf(cause), { what: 'waiting' }) === 'ping') options.onSilent(used, () => true);
        // Where other requests are still waiting on the connection, it is not replaced because of one that was cancelled.
        else if (request.signal.aborted && clock.now() - startedAt >= LONG_MS)
          options.onSilent(used, () => used.session.pending === 0);
        const again = (fresh: Connection, reason: RetryReason) => {
          request.onRetry?.(reason);
          return fresh.session.request(request);
        };
        return onFreshConnection(cause, again, request);
      });
      if (onRefused === undefined) return reply;
      return reply.then(
        (answer) => {
          if (answer.kind === 'error') onRefused();
          return answer;
        },
        (error: unknown) => {
          onRefused();
          throw error;
        },
      );
    },
    notify: (method, paramsText) => connection.session.notify(method, paramsText),
    list: (kind, signal) => listed(kind, ({ session }) => session.list(kind, signal)),
    listAgain: (kind, signal) => listed(kind, ({ session }) => session.listAgain(kind, signal)),
  };
}

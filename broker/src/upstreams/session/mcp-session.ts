// An MCP session: one connection's end of the protocol with a server, whatever its generation. It negotiates the generation, then sends requests,
// reads lists, and passes on what the server says without being asked.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import type { BaseLogger } from 'pino';
import { notExecuted } from '../attempt.ts';
import type { Edge, EdgeOptions } from './edge.ts';
import type { KnownOpening, Opening } from '../pool/opening-memory.ts';
import { headerParamsOf } from '../../mcp/repeated-headers.ts';
import { createLegacyEdge } from './legacy/legacy-edge.ts';
import { offerOf } from './list-pages.ts';
import { createModernEdge } from './modern/modern-edge.ts';
import { negotiate } from './negotiate.ts';
import { OF_APPS } from './offered-apps.ts';
import { createRpcPeer, type RpcPeer } from './rpc-peer.ts';
import { createServerLists } from './server-lists.ts';
import type { ListKind } from '../../mcp/list-kind.ts';
import type { Requester, ListedItem, ServerFacts, UpstreamReply, UpstreamRequest } from '../upstream.ts';
import type { OpenWire } from '../wires/wire.ts';

const LIST_TIMEOUT_MS = 60_000;
/** Of a list that the server has not declared: it may never answer a request that it does not know. */
const UNSURE_TIMEOUT_MS = 5_000;
const NEVER = new AbortController().signal;

export interface McpSessionOptions {
  serverName: string;
  openWire: OpenWire;
  /** How the server was last opened. */
  opening: KnownOpening;
  log: Pick<BaseLogger, 'warn'>;
  clock: Clock;
  brokerVersion: string;
  startTimeoutMs: number;
  /** A request times out after so long without progress. */
  requestTimeoutMs: number;
  /** Lists are read again after so long, where the server says nothing else. */
  listAgeMs: number;
  random: () => number;
  /** The person or session whose own connection this is; undefined: people share it. */
  requester?: Requester;
  onListChanged: (kind: ListKind) => void;
  /** A cached list is too old to be used. */
  onListStale: (kind: ListKind) => void;
  /** Every other notification, except progress. */
  onNotification: (method: string, paramsText: string) => void;
  /** The wire ended by itself. */
  onClosed: (error: GateError) => void;
}

export interface McpSession {
  /** Does the handshake; `known`: how it was last done. Throws GateError. */
  start(known: Opening | undefined): Promise<void>;
  /** What the server said of itself. Throws before `start` has resolved. */
  readonly facts: ServerFacts;
  request(request: UpstreamRequest): Promise<UpstreamReply>;
  notify(method: string, paramsText?: string): Promise<void>;
  list(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** The list, read from the server now. */
  listAgain(kind: ListKind, signal: AbortSignal): Promise<readonly ListedItem[]>;
  /** What the server does wrong, a line each. */
  readonly faults: readonly string[];
  /** The cached list; undefined where it has not been read. */
  known(kind: ListKind): readonly ListedItem[] | undefined;
  /** Requests under way, without those that last. */
  readonly pending: number;
  /** Requests that last as long as a caller wants. */
  readonly streams: number;
  readonly processes: number;
  /** Resolves when no request is under way. */
  drained(): Promise<void>;
  close(): Promise<void>;
}

export function createMcpSession(options: McpSessionOptions): McpSession {
  const { serverName, clock } = options;
  let facts: ServerFacts | undefined;
  const lists = createServerLists({
    serverName,
    clock,
    offers: (kind) => offerOf(facts?.capabilities ?? {}, kind),
    generation: () => facts?.generation ?? 'legacy',
    maxAgeMs: options.listAgeMs,
    random: options.random,
    whyNot,
    send: (method, paramsText, isUnsure) => {
      const patienceMs = Math.min(isUnsure ? UNSURE_TIMEOUT_MS : LIST_TIMEOUT_MS, options.startTimeoutMs);
      return edge.request({ method, paramsText, signal: NEVER }, patienceMs);
    },
    onChanged: (kind) => options.onListChanged(kind),
    onStale: (kind) => options.onListStale(kind),
  });
  const peer: RpcPeer = createRpcPeer(options, {
    onRequest: (idText, method, text) => edge.onRequest(idText, method, text),
    onNotification: (method, params, paramsText) => edge.onNotification(method, params, paramsText),
    onFault: (error) =>
      options.log.warn({ server: serverName, err: error }, 'a message of a server could not be seen to'),
    onClosed(error) {
      if (peer.isClosed) end();
      options.onClosed(error);
    },
  });
  const edgeOptions: EdgeOptions = {
    serverName,
    peer,
    lists,
    clock,
    brokerVersion: options.brokerVersion,
    ...(options.requester !== undefined && { requester: options.requester }),
    onListChanged: options.onListChanged,
    onNotification: options.onNotification,
    onMisjudged() {
      options.opening.forget();
      options.onClosed(notExecuted('session_lost', `server ${serverName} speaks another protocol than before`));
    },
  };
  let edge: Edge = createLegacyEdge(edgeOptions, factsOrThrow);

  function factsOrThrow(): ServerFacts {
    if (facts === undefined) throw new GateError('internal', `server ${serverName} has not shaken hands yet`);
    return facts;
  }

  /**
   * Why a tool must not be shown: over HTTP, because its header parameters break the rules (2026-07-28, "Custom Headers from Tool
   * Parameters").
   */
  function whyNot(kind: ListKind, item: ListedItem): string | undefined {
    if (kind !== 'tools' || facts?.generation !== 'modern' || !peer.wire.answersInSend) return undefined;
    const params = headerParamsOf(item.text);
    return typeof params === 'string' ? params : undefined;
  }

  function end(): void {
    edge.close();
    lists.close();
  }

  return {
    async start(known) {
      facts = await negotiate({
        serverName,
        peer,
        clock,
        brokerVersion: options.brokerVersion,
        capabilitiesText: options.requester?.capabilitiesText ?? `{${OF_APPS}}`,
        timeoutMs: options.startTimeoutMs,
        known: known === 'sse' ? 'legacy' : known,
      });
      if (facts.generation === 'modern') edge = createModernEdge(edgeOptions, facts);
      edge.start();
    },
    get facts() {
      return factsOrThrow();
    },
    request: (request) => edge.request(request, options.requestTimeoutMs),
    notify: (method, paramsText) => edge.notify(method, paramsText),
    list: (kind, signal) => lists.get(kind, signal),
    listAgain: (kind, signal) => lists.again(kind, signal),
    known: (kind) => lists.known(kind),
    get faults() {
      return [...(facts?.faults ?? []), ...lists.faults];
    },
    get pending() {
      return peer.pending;
    },
    get streams() {
      return peer.streams;
    },
    get processes() {
      return peer.wire.processes;
    },
    drained: () => peer.drained(),
    async close() {
      end();
      await peer.close();
    },
  };
}

/** Whether the server leaves a ping unanswered for `pingMs`. False where the ping fails otherwise: the wire reports that itself. */
export async function isSilent(session: McpSession, clock: Clock, pingMs: number): Promise<boolean> {
  const controller = new AbortController();
  const cancel = clock.after(pingMs, () => controller.abort());
  const method = session.facts.generation === 'modern' ? 'server/discover' : 'ping';
  try {
    await session.request({ method, paramsText: '{}', signal: controller.signal });
    return false;
  } catch {
    return controller.signal.aborted;
  } finally {
    cancel();
  }
}

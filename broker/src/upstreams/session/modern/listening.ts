// Listens for a modern server's notifications: one `subscriptions/listen` for each connection, for changes of the lists that the server offers and
// of the resources that clients follow. When a client follows another resource, a new request with the new filter replaces the one before, which
// ends once the server has acknowledged the new one.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { ANSWER_META } from 'mcpgate-shared/mcp/protocol-version';
import { AttemptError, attemptOf } from '../../attempt.ts';
import { isRecord, numberOf, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { remedy } from '../../remedy.ts';
import type { UpstreamReply } from '../../upstream.ts';

export interface Listening {
  /** Begins to listen; where the stream ends, it is opened again. */
  start(): void;
  /** Resolves once the server has promised to tell of this resource; rejects where it does not. */
  follow(uri: string): Promise<void>;
  unfollow(uri: string): Promise<void>;
  /** Takes a notification of the server. Returns whether it was about the listening itself. */
  onNotification(method: string, params: JsonRecord): boolean;
  close(): void;
}

interface Stream {
  id: number | undefined;
  uris: ReadonlySet<string>;
  /** What the server has promised to tell, from its acknowledgement; undefined before that. */
  promised: JsonRecord | undefined;
  abort: AbortController;
  acknowledge: (promised: JsonRecord) => void;
}

/** The extension whose list's changes come on the same stream ("Dynamic event types"). */
const EVENTS = 'io.modelcontextprotocol/events';
const ACKNOWLEDGE_MS = 10_000;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

export function createListening(options: {
  serverName: string;
  clock: Clock;
  capabilities: JsonRecord;
  /** Sends `subscriptions/listen`; resolves when the server ends it. */
  send: (filter: JsonRecord, onId: (id: number) => void, signal: AbortSignal) => Promise<UpstreamReply>;
  /** Called after a time without a stream, in which changes may have been missed. */
  onGap: () => void;
}): Listening {
  const { clock, serverName } = options;
  const lists = listFilter(options.capabilities);
  const uris = new Set<string>();
  let current: Stream | undefined;
  let opening: Promise<void> | undefined;
  let failures = 0;
  let hadGap = false;
  let cancelRetry: () => void = () => undefined;
  let closed = false;

  const isWanted = () => uris.size > 0 || Object.keys(lists).length > 0;
  const isCurrent = () =>
    current !== undefined && current.uris.size === uris.size && [...uris].every((uri) => current?.uris.has(uri));

  /** Opens streams until one has the present filter; one at a time. */
  function sync(): Promise<void> {
    opening ??= (async () => {
      while (!closed && (isWanted() ? !isCurrent() : current !== undefined)) await reopen();
    })().finally(() => (opening = undefined));
    return opening;
  }

  async function reopen(): Promise<void> {
    const old = current;
    if (!isWanted()) {
      current = undefined;
      old?.abort.abort();
      return;
    }
    const abort = new AbortController();
    const wanted = new Set(uris);
    let acknowledge: (promised: JsonRecord) => void = () => undefined;
    const acknowledged = new Promise<JsonRecord>((resolve) => (acknowledge = resolve));
    const stream: Stream = { id: undefined, uris: wanted, promised: undefined, abort, acknowledge };
    const before = current;
    streams.add(stream);
    const filter = { ...lists, ...(wanted.size > 0 && { resourceSubscriptions: [...wanted] }) };
    const over = options.send(filter, (id) => (stream.id = id), abort.signal).then(refusalOf, toGateError);
    over.then(
      (why) => onOver(stream, why),
      () => undefined,
    );
    let cancel: () => void = () => undefined;
    const late = new Promise<GateError>((resolve) => {
      const message = `server ${serverName} did not acknowledge subscriptions/listen`;
      cancel = clock.after(ACKNOWLEDGE_MS, () => resolve(new GateError('timeout', message)));
    });
    const first = await Promise.race([acknowledged, over, late]).finally(() => cancel());
    if (first instanceof GateError) {
      abort.abort();
      streams.delete(stream);
      throw first;
    }
    stream.promised = first;
    current = stream;
    failures = 0;
    if (hadGap) options.onGap();
    hadGap = false;
    before?.abort.abort();
  }

  const streams = new Set<Stream>();

  function refusalOf(reply: UpstreamReply): GateError {
    if (reply.kind !== 'error') return new GateError('upstream', `server ${serverName} ended its subscription`);
    const message = `server ${serverName} refused subscriptions/listen: ${quoteForeign(reply.text)}`;
    return new AttemptError('upstream', message, { outcome: 'answered' });
  }

  /** A stream has ended; where it was the current one, it is opened again. */
  function onOver(stream: Stream, why: GateError): void {
    streams.delete(stream);
    if (stream !== current || closed) return;
    current = undefined;
    hadGap = true;
    again(why);
  }

  function again(why: unknown): void {
    if (closed || remedy(attemptOf(why), { what: 'subscription' }) === 'tell') return;
    failures++;
    cancelRetry();
    const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (failures - 1), MAX_BACKOFF_MS);
    cancelRetry = clock.after(backoffMs, () => void sync().catch(again));
  }

  return {
    start() {
      if (isWanted()) sync().catch(again);
    },
    async follow(uri) {
      uris.add(uri);
      try {
        await sync();
      } catch (error) {
        uris.delete(uri);
        throw error;
      }
      const honoured = current?.promised?.['resourceSubscriptions'];
      if (Array.isArray(honoured) && honoured.includes(uri)) return;
      uris.delete(uri);
      throw new GateError('upstream', `server ${serverName} does not tell of changes of ${quoteForeign(uri)}`);
    },
    async unfollow(uri) {
      if (uris.delete(uri)) await sync();
    },
    onNotification(method, params) {
      const meta = params['_meta'];
      const id = isRecord(meta) ? meta[ANSWER_META.subscriptionId] : undefined;
      if (method === 'notifications/subscriptions/acknowledged') {
        const promised = params['notifications'];
        for (const stream of streams)
          if (stream.id === numberOf(id)) stream.acknowledge(isRecord(promised) ? promised : {});
        return true;
      }
      if (method !== 'notifications/cancelled') return false;
      for (const stream of streams) if (stream.id === numberOf(params['requestId'])) stream.abort.abort();
      return true;
    },
    close() {
      closed = true;
      cancelRetry();
      for (const stream of streams) stream.abort.abort();
    },
  };
}

/** The filter for the lists whose changes the server says that it tells. */
function listFilter(capabilities: JsonRecord): JsonRecord {
  const filter: Record<string, true> = {};
  for (const list of ['tools', 'prompts', 'resources']) {
    const capability = capabilities[list];
    if (isRecord(capability) && capability['listChanged'] === true) filter[`${list}ListChanged`] = true;
  }
  const { extensions } = capabilities;
  const events = isRecord(extensions) ? extensions[EVENTS] : undefined;
  if (isRecord(events) && events['listChanged'] === true) filter['eventsListChanged'] = true;
  return filter;
}

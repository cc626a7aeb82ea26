// Who follows what changes at this broker, and what they are told: of the log of all brokers, of what waits for people, and of how servers and links are
// here. It looks at nothing while nobody listens.
import { TOPICS, type Change, type Topic } from 'mcpgate-shared/api/events/events';
import { GateError } from 'mcpgate-shared/error';
import { createLogFollower, placesText, type LogPlaces, type LogReading } from '../../audit/follow-log.ts';
import type { AdminDependencies, LinkView } from '../dependencies.ts';
import type { Caller } from '../operation.ts';
import { createEventQueue, eventText, type EventQueue } from './event-queue.ts';
import { hears, hearsTelling, tellingsOf, topicsFor } from './heard-by.ts';
import { createMaySee } from './visible-requests.ts';

/** Of one person or token, and of everybody. */
const MOST_OF_ONE = 20;
const MOST = 1_000;
const TICK_MS = 1_000;
/** A proxy closes what has been silent for a minute. */
const SILENT_TICKS = 15;
/** Records that come within this time are read together. */
const GATHER_MS = 50;
/** Of a chain, at a time. Whoever is farther behind is told to read again. */
const MOST_ROWS = 2_000;
/** After how long a browser comes again, in ms. */
const RETRY_MS = 2_000;

type Parts = Pick<
  AdminDependencies,
  'audit' | 'store' | 'approvals' | 'upstreams' | 'hooks' | 'links' | 'clock' | 'facts' | 'isDraining'
>;

interface Listener {
  caller: Caller;
  owner: string;
  topics: readonly Topic[];
  queue: EventQueue;
  silentTicks: number;
  ended: boolean;
}

export interface EventHub {
  /** Throws `forbidden` for topics of which the caller hears nothing, `throttled` where there are too many, `unavailable` at a broker that ends. */
  follow(
    caller: Caller,
    asked: { topics: readonly Topic[] | undefined; after: string | undefined },
    signal: AbortSignal,
  ): AsyncIterable<string>;
}

export function createEventHub(parts: Parts): EventHub {
  const { audit, store, approvals, upstreams, clock } = parts;
  const log = createLogFollower({ store });
  const maySee = createMaySee(approvals);
  const listeners = new Set<Listener>();
  /** How servers, by workspace and name, and links were when they were looked at last. */
  const health = new Map<string, ReadonlyMap<string, string>>();
  let links = new Map<string, LinkView>();
  /** Destinations of which something has arrived, or was tried in vain, since they were told. */
  const moved = new Set<string>();
  let places: LogPlaces | undefined;
  let stops: (() => void)[] = [];
  let reading: Promise<void> | undefined;
  let isDue = false;

  const following = function* (workspaceId: string, topic: Topic): Generator<Listener> {
    for (const listener of listeners)
      if (listener.caller.workspaceId === workspaceId && listener.topics.includes(topic)) yield listener;
  };
  const isFollowed = (topics: readonly Topic[]): boolean =>
    [...listeners].some((listener) => topics.some((topic) => listener.topics.includes(topic)));
  const loseAll = (topics: readonly Topic[]): void => {
    for (const { queue, topics: followed } of listeners) queue.lose(followed.filter((topic) => topics.includes(topic)));
  };

  function tellRecords({ records, skipped }: LogReading): void {
    if (skipped) loseAll(LOGGED);
    const now = clock.now();
    for (const { told, places: behind } of records) {
      const tellings = tellingsOf(told);
      let id: string | undefined;
      for (const telling of tellings) {
        let text: string | undefined;
        for (const listener of following(told.record.workspace_id, telling.topic)) {
          if (!hearsTelling(listener.caller, telling)) continue;
          id ??= placesText(behind, now);
          text ??= eventText(telling.change, id);
          listener.queue.add(text);
        }
      }
    }
  }

  /** What was read of the log: all before it is told, or was there before anybody listened. */
  async function current(): Promise<LogPlaces> {
    if (places !== undefined) return places;
    const end = await log.end();
    return (places ??= end);
  }

  /** Reads what the log has more of, one reading after the other. */
  function look(): void {
    isDue = true;
    reading ??= (async () => {
      while (isDue && listeners.size > 0) {
        isDue = false;
        const found = await log.read(await current(), MOST_ROWS);
        places = found.places;
        tellRecords(found);
      }
    })()
      // The database is away: what was written meanwhile is read at the next look, and whoever listens reads again what there is.
      .catch(() => loseAll(LOGGED))
      .finally(() => (reading = undefined));
  }

  /** How the servers of a workspace are, each as it is told. */
  function healthOf(workspaceId: string): Map<string, string> {
    return new Map(
      upstreams
        .status(workspaceId)
        .map(({ name: server, state, circuit, flapping, error }) => [
          server,
          eventText({ event: 'health', server, state, circuit, flapping, error }),
        ]),
    );
  }

  function tellHealth(): void {
    if (!isFollowed(['servers'])) return;
    for (const workspaceId of new Set([...listeners].map(({ caller }) => caller.workspaceId))) {
      const before = health.get(workspaceId);
      const now = healthOf(workspaceId);
      health.set(workspaceId, now);
      if (before === undefined) continue;
      const gone = [...before.keys()].filter((server) => !now.has(server));
      const told = [
        ...[...now].flatMap(([server, text]) => (before.get(server) === text ? [] : text)),
        ...gone.map((server) => eventText({ ...GONE, server })),
      ];
      for (const text of told) for (const { queue } of following(workspaceId, 'servers')) queue.add(text);
    }
  }

  function tellLinks(): void {
    if (!isFollowed(['links'])) return;
    const now = new Map(parts.links().map((link) => [JSON.stringify([link.workspaceId, link.credentialId]), link]));
    const tell = ({ workspaceId, credentialId: credential, user }: LinkView, open: boolean): void => {
      const text = eventText({ event: 'connection', credential, user, open });
      for (const { caller, queue } of following(workspaceId, 'links'))
        if (hears(caller, 'links', user)) queue.add(text);
    };
    for (const [key, link] of now) if (!links.has(key)) tell(link, true);
    for (const [key, link] of links) if (!now.has(key)) tell(link, false);
    links = now;
  }

  /** A burst is told once. */
  function tellDeliveries(): void {
    for (const destination of moved) {
      const [, workspaceId, hook] = /^[^:]+:([^/]+)\/(.+)$/.exec(destination) ?? [];
      if (workspaceId === undefined || hook === undefined) continue;
      const text = eventText({ event: 'delivery', hook });
      for (const { queue } of following(workspaceId, 'rules')) queue.add(text);
    }
    moved.clear();
  }

  function tick(): void {
    stops[0] = clock.after(TICK_MS, tick);
    if (parts.isDraining()) {
      for (const listener of listeners) {
        listener.queue.add(eventText({ event: 'bye', why: 'draining' }));
        listener.ended = true;
        listener.queue.wake();
      }
      return;
    }
    tellHealth();
    tellLinks();
    tellDeliveries();
    if (parts.facts.database === 'postgres') look(); // other brokers write into it
    for (const listener of listeners) {
      listener.silentTicks += 1;
      if (listener.silentTicks < SILENT_TICKS) continue;
      listener.silentTicks = 0;
      listener.queue.add(': still here\n\n');
    }
  }

  function begin(): void {
    let gathering: (() => void) | undefined;
    links = new Map(parts.links().map((link) => [JSON.stringify([link.workspaceId, link.credentialId]), link]));
    stops = [
      clock.after(TICK_MS, tick),
      audit.onRecord(() => {
        gathering ??= clock.after(GATHER_MS, () => {
          gathering = undefined;
          look();
        });
      }),
      approvals.onChange(({ workspaceId, id }) => void tellRequest(workspaceId, id)),
      ...[parts.hooks.deliveries, parts.hooks.feeds].map((each) =>
        each.onMoved((destination) => void moved.add(destination)),
      ),
      () => gathering?.(),
    ];
  }

  async function tellRequest(workspaceId: string, id: string): Promise<void> {
    if (following(workspaceId, 'requests').next().done === true) return;
    try {
      const approval = await approvals.find(workspaceId, id);
      if (approval === undefined || approval.state === 'offered') return;
      const text = eventText({ event: 'request', id, state: approval.state });
      for (const { caller, queue } of [...following(workspaceId, 'requests')])
        if (await maySee(approval, caller)) queue.add(text);
    } catch {
      loseAll(['requests']); // the database is away
    }
  }

  function end(listener: Listener): void {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    for (const stop of stops) stop();
    stops = [];
    places = undefined;
    health.clear();
    links.clear();
    moved.clear();
  }

  async function* send(listener: Listener, after: string | undefined, signal: AbortSignal): AsyncGenerator<string> {
    const { caller, topics, queue } = listener;
    const now = await current();
    queue.empty(); // what came before `now` is told below, or is older than what the listener reads after `hello`
    const from = after === undefined ? undefined : await log.resume(after);
    const missed = from && (await log.read(from, MOST_ROWS, now));
    const resumed = missed !== undefined && !missed.skipped;
    const hello: Change = { event: 'hello', topics, workspace: caller.workspaceId, resumed };
    yield `retry: ${RETRY_MS}\n${eventText(hello, placesText(resumed ? (from ?? now) : now, clock.now()))}`;
    for (const { told, places: behind } of resumed ? missed.records : []) {
      if (told.record.workspace_id !== caller.workspaceId) continue;
      for (const telling of tellingsOf(told))
        if (topics.includes(telling.topic) && hearsTelling(caller, telling))
          yield eventText(telling.change, placesText(behind, clock.now()));
    }
    // What stands in no log cannot be told again.
    if (after !== undefined) queue.lose(resumed ? topics.filter((topic) => !LOGGED_ALONE.includes(topic)) : topics);
    while (!signal.aborted) {
      const text = queue.take();
      if (text !== undefined) {
        listener.silentTicks = 0;
        yield text;
      } else if (listener.ended) return;
      else await queue.filled();
    }
  }

  return {
    follow(caller, { topics: asked, after }, signal) {
      const may = topicsFor(caller);
      const topics = asked ?? may;
      const refused = topics.filter((topic) => !may.includes(topic));
      if (refused.length > 0 || topics.length === 0)
        throw new GateError(
          'forbidden',
          `you are here as ${caller.role}, and hear nothing of ${refused.join(', ') || 'this'}`,
        );
      if (parts.isDraining()) throw new GateError('unavailable', 'this broker is draining', { retryAfterMs: RETRY_MS });
      const owner = JSON.stringify([caller.homeWorkspaceId, caller.principal?.user?.id ?? caller.credential.id]);
      const own = [...listeners].filter((listener) => listener.owner === owner).length;
      if (own >= MOST_OF_ONE || listeners.size >= MOST)
        throw new GateError(
          'throttled',
          own >= MOST_OF_ONE
            ? `you follow ${own} streams of events already; close some`
            : 'too many streams of events are open',
          { retryAfterMs: RETRY_MS },
        );
      const queue = createEventQueue(topics);
      const listener: Listener = { caller, owner, topics, queue, silentTicks: 0, ended: false };
      if (listeners.size === 0) begin();
      listeners.add(listener);
      const { workspaceId } = caller;
      if (topics.includes('servers') && !health.has(workspaceId)) health.set(workspaceId, healthOf(workspaceId));
      signal.addEventListener('abort', () => {
        end(listener);
        queue.wake();
      });
      if (signal.aborted) end(listener);
      return send(listener, after, signal);
    },
  };
}

const GONE = { event: 'health', state: 'removed', circuit: 'closed', flapping: false, error: null } as const;
/** Of these the log tells everything. */
const LOGGED_ALONE: readonly Topic[] = ['calls', 'log', 'secrets', 'people'];
const LOGGED = (Object.keys(TOPICS) as Topic[]).filter((topic) => topic !== 'requests');

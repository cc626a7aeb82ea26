// Keeps the definitions of all servers. A list is looked at once for each time that it is read from its server: a digest for each entry, and
// nothing more where all of them are known. What is not known is written down before it is served.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from 'mcpgate-shared/clock';
import type { BaseLogger } from 'pino';
import type { Audit } from '../audit/audit.ts';
import type { Definition, DefinitionKind } from '../domain/definition.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import type { Store } from '../store/store.ts';
import type { ListedItem } from '../upstreams/upstream.ts';
import { digestOf } from './canonical-form.ts';
import type { AcceptedChange, Definitions, ReviewedList } from './definitions.ts';
import { createEventBounds } from './event-bounds.ts';
import { flagsOf } from './flags.ts';
import { createOtherTools } from './look-alike.ts';
import { createKeptPins, type Pins } from './pins.ts';
import { type Noted, reviewEvents } from './review-events.ts';
import { storedName } from './stored-name.ts';
import { whichServed } from './which-served.ts';

/** How many entries are handled before other work on the event loop gets its turn. */
const ITEMS_A_TURN = 100;
/** How much text is searched for what is suspicious before that; one entry is searched at once. */
const CHARS_A_TURN = 64 * 1024;
/** How many entries are written down at once. */
const ENTRIES_A_PART = 250;
/** How many tools of other servers a name is compared with. */
const MOST_OTHERS = 5_000;
/** For so long what is found after another broker's news is not told back: brokers would never come to an end over a list that always differs. */
const ECHO_MS = 5_000;

/** An entry of a list that is looked at. */
interface Entry {
  item: ListedItem;
  /** As it is kept. */
  thing: { kind: DefinitionKind; name: string };
  digest: string;
}

export function createDefinitions(parts: {
  store: Pick<Store, 'definitions'>;
  audit: Pick<Audit, 'event'>;
  log: Pick<BaseLogger, 'warn'>;
  clock: Pick<Clock, 'now'>;
}): Definitions {
  const { store, audit, log, clock } = parts;
  const bounds = createEventBounds(clock);
  /** By the server's id: until when its news is that of another broker, in ms since the epoch. */
  const echoUntil = new Map<string, number>();
  const pins = createKeptPins(store.definitions);
  const listeners = new Set<(change: AcceptedChange) => void>();
  /** How often what is accepted of a server has changed. */
  const changes = new Map<string, number>();
  /** Which workspace a server is of, for servers in memory. */
  const workspaces = new Map<string, string>();
  /** What was reviewed already: connections that share a server's answer share the review. */
  const reviewed = new WeakMap<readonly ListedItem[], Map<string, Promise<ReviewedList>>>();

  const tell = (change: AcceptedChange): void => {
    changes.set(change.serverId, (changes.get(change.serverId) ?? 0) + 1);
    for (const listener of listeners) listener(change);
  };

  async function reviewNow(
    server: ServerRecord,
    kind: DefinitionKind,
    owner: string | null,
    listed: readonly ListedItem[],
  ): Promise<ReviewedList> {
    const entries = await entriesOf(kind, listed);
    workspaces.set(server.id, server.workspaceId);
    let known = await pins.of(server.id);
    if (isNews(server, kind, owner, entries, known)) known = await note(server, kind, owner, entries, known);
    const items: ListedItem[] = [];
    const held: string[] = [];
    for (const [index, { item, thing, digest }] of entries.entries()) {
      if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
      const seen = known.find(thing, digest);
      // Where what was just kept is gone again, it is treated like what waits for a person.
      const served = seen && whichServed(server.definitions, owner, seen, known.variants(thing));
      const definition = served?.state === 'held' ? served.instead : served?.definition;
      if (definition === undefined) held.push(item.key);
      else items.push(listedItem(item.key, definition));
    }
    return { items, held };
  }

  /** Keeps what is new in a list. Returns what is known then. */
  async function note(
    server: ServerRecord,
    kind: DefinitionKind,
    owner: string | null,
    entries: readonly Entry[],
    known: Pins,
  ): Promise<Pins> {
    const { id: serverId, workspaceId, definitions: policy } = server;
    const names = kind === 'tools' ? await store.definitions.toolNamesOfOthers(workspaceId, serverId, MOST_OTHERS) : [];
    const others = createOtherTools(names);
    const noted: Noted = { isFirst: false, added: [] };
    for (let from = 0; from < entries.length; from += ENTRIES_A_PART) {
      const seen = [];
      let chars = 0;
      for (const { item, thing, digest } of entries.slice(from, from + ENTRIES_A_PART)) {
        const { text, legacyText = null } = item;
        chars += text.length;
        if (chars > CHARS_A_TURN) await nextTurn();
        if (chars > CHARS_A_TURN) chars = 0;
        const flags =
          known.find(thing, digest)?.flags ?? flagsOf(kind, item.key, { text, value: JSON.parse(text) }, others);
        const acceptedAtFirst = policy !== 'hold' || !flags.some(({ isAlarm }) => isAlarm);
        seen.push({ ...thing, digest, text, legacyText, flags, acceptedAtFirst, acceptedLater: policy === 'accept' });
      }
      const isTold = known.begun.has(kind) && (echoUntil.get(serverId) ?? 0) <= clock.now();
      const part = { workspaceId, serverId, kind, owner, isTold, seen };
      const { isFirst, added, variants } = await store.definitions.note(part);
      known.put(variants);
      noted.isFirst ||= isFirst;
      noted.added.push(...added);
      await nextTurn();
    }
    const listed = new Set(entries.map(({ thing, digest }) => `${digest}\n${thing.name}`));
    const withdrawn = known
      .waiting(kind)
      .filter((each) => each.owner === owner && !listed.has(`${each.digest}\n${each.name}`));
    const listedNames = new Set(entries.map(({ thing }) => thing.name));
    const { hasDropped } = await store.definitions.finish({
      workspaceId,
      serverId,
      kind,
      withdrawn,
      names: listedNames,
    });
    if (entries.length > 0) known.begun.add(kind);
    known.withdraw(withdrawn, clock.now());
    const now = hasDropped ? await pins.again(serverId) : known;
    for (const event of bounds.within(serverId, reviewEvents(server, noted, now))) {
      audit
        .event(event)
        .catch((error: unknown) => log.warn({ err: error, type: event.type }, 'a definition could not be recorded'));
    }
    return now;
  }

  return {
    review(server, kind, { userKey }, listed) {
      if (kind === 'resources') return Promise.resolve({ items: sorted(listed), held: [] });
      const owner = server.credential === 'personal' ? userKey : null;
      const stamp = JSON.stringify([server.id, server.name, server.definitions, owner, changes.get(server.id)]);
      const before = reviewed.get(listed) ?? new Map<string, Promise<ReviewedList>>();
      reviewed.set(listed, before);
      const known = before.get(stamp);
      if (known !== undefined) return known;
      const review = reviewNow(server, kind, owner, listed);
      // Stamps of before are of no use any more, except those of other people.
      if (owner === null) before.clear();
      before.set(stamp, review);
      review.catch(() => before.delete(stamp));
      return review;
    },
    async instructions(server, { userKey }, text) {
      const owner = server.credential === 'personal' ? userKey : null;
      const item = { key: '', text: JSON.stringify({ instructions: text }) };
      const { items } = await reviewNow(server, 'instructions', owner, [item]);
      const [served] = items;
      if (served === undefined) return '';
      const { instructions } = JSON.parse(served.text) as { instructions: unknown };
      return typeof instructions === 'string' ? instructions : '';
    },
    async hasListed({ id }, { kind, name }) {
      return (await pins.of(id)).variants({ kind, name: storedName(name) }).length > 0;
    },
    changed(change) {
      pins.forget(change.serverId);
      tell(change);
    },
    heard({ serverId }) {
      for (const [id, until] of echoUntil) if (until <= clock.now()) echoUntil.delete(id);
      echoUntil.set(serverId, clock.now() + ECHO_MS);
    },
    async recheck() {
      for (const [serverId, kept] of pins.known()) {
        const before = await kept.then(
          ({ accepted }) => accepted,
          () => undefined,
        );
        const { accepted } = await pins.again(serverId);
        const workspaceId = workspaces.get(serverId);
        if (before !== accepted && workspaceId !== undefined) tell({ workspaceId, serverId });
      }
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function entriesOf(kind: DefinitionKind, listed: readonly ListedItem[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const [index, item] of sorted(listed).entries()) {
    if (index % ITEMS_A_TURN === ITEMS_A_TURN - 1) await nextTurn();
    entries.push({ item, thing: { kind, name: storedName(item.key) }, digest: digestOf(JSON.parse(item.text)) });
  }
  return entries;
}

/** By the code units of the names: the same everywhere, whatever the language of the computer. */
function sorted(listed: readonly ListedItem[]): ListedItem[] {
  return listed.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Whether there is something to be written down about a list. */
function isNews(
  server: ServerRecord,
  kind: DefinitionKind,
  owner: string | null,
  entries: readonly Entry[],
  known: Pins,
): boolean {
  if (entries.length > 0 && !known.begun.has(kind)) return true;
  const listed = new Set<Definition>();
  for (const { thing, digest } of entries) {
    const seen = known.find(thing, digest);
    if (seen === undefined || (seen.owner !== null && seen.owner !== owner) || seen.withdrawnAt !== null) return true;
    if (seen.acceptedAt === null && server.definitions === 'accept') return true;
    listed.add(seen);
  }
  return known.waiting(kind).some((each) => each.owner === owner && !listed.has(each));
}

function listedItem(key: string, { text, legacyText }: Definition): ListedItem {
  return { key, text, ...(legacyText !== null && { legacyText }) };
}

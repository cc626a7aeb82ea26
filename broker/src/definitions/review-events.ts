// The events of the log that a list causes whose definitions are new or have changed.
import type { AuditEvent } from '../domain/call-record.ts';
import type { Definition } from '../domain/definition.ts';
import type { ServerRecord } from '../domain/server-record.ts';
import { shownName } from './definitions.ts';
import type { Pins } from './pins.ts';
import { newestAccepted, whichServed } from './which-served.ts';

/** A list that changes in more places gets one event for all others. */
const MOST_EVENTS = 50;
const MOST_NAMES = 50;
const MOST_NAME = 300;

/** What a list has brought. */
export interface Noted {
  /** It was the first of its kind of the server. */
  isFirst: boolean;
  added: Definition[];
}

export function reviewEvents(server: ServerRecord, noted: Noted, pins: Pins): AuditEvent[] {
  const [first] = noted.added;
  if (first === undefined) return [];
  const event = (type: string, subject: string, data: AuditEvent['data']): AuditEvent => ({
    workspace_id: server.workspaceId,
    type,
    actor: `server:${server.name}`,
    subject,
    address: null,
    data,
  });
  if (noted.isFirst) {
    const flagged = noted.added.filter(({ flags }) => flags.length > 0).map((each) => nameOf(server, each));
    return [
      event('tool.first_seen', `server:${server.name}`, {
        kind: first.kind,
        count: noted.added.length,
        flagged: flagged.slice(0, MOST_NAMES),
        ...heldOf(server, noted.added, pins),
      }),
    ];
  }
  const events = noted.added.slice(0, MOST_EVENTS).map((each) => {
    const variants = pins.variants(each);
    const before = newestAccepted(variants.filter(({ digest }) => digest !== each.digest));
    const { state } = whichServed(server.definitions, each.owner, each, variants);
    return event(state === 'held' ? 'tool.held' : 'tool.changed', `tool:${nameOf(server, each)}`, {
      kind: each.kind,
      is_new: before === undefined,
      digest: each.digest,
      digest_before: before?.digest ?? '',
      flags: [...new Set(each.flags.map(({ kind }) => kind))],
      policy: server.definitions,
    });
  });
  const more = noted.added.length - events.length;
  if (more > 0) {
    const names = noted.added.slice(MOST_EVENTS, MOST_EVENTS + MOST_NAMES).map((each) => nameOf(server, each));
    const rest = noted.added.slice(MOST_EVENTS);
    const facts = { kind: first.kind, count: more, names, policy: server.definitions, ...heldOf(server, rest, pins) };
    events.push(event('tool.changed', `server:${server.name}`, facts));
  }
  return events;
}

const nameOf = (server: ServerRecord, each: Definition): string => shownName(server.name, each).slice(0, MOST_NAME);

function heldOf(server: ServerRecord, definitions: readonly Definition[], pins: Pins): { held: string[] } {
  const held = definitions.filter(
    (each) => whichServed(server.definitions, each.owner, each, pins.variants(each)).state === 'held',
  );
  return { held: held.slice(0, MOST_NAMES).map((each) => nameOf(server, each)) };
}

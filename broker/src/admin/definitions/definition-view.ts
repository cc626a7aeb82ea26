// A definition as the API shows it: what of a thing is accepted, and what waits for a person.
import type { DefinitionFlag, DefinitionView, ToolClassView } from 'mcpgate-shared/api/definitions/definitions-api';
import { shownName } from '../../definitions/definitions.ts';
import { newestAccepted, whichServed } from '../../definitions/which-served.ts';
import type { Definition, Flag } from '../../domain/definition.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isoTime } from '../iso-time.ts';

type Note = Omit<Definition, 'text' | 'legacyText'>;

export const KINDS = { tools: 'tool', prompts: 'prompt', templates: 'template', instructions: 'instructions' } as const;

export const keyOf = ({ serverId, kind, name }: Note & { serverId: string }): string => `${serverId}\n${kind}\n${name}`;

export function byThing<N extends Note & { serverId: string }>(notes: readonly N[]): Map<string, N[]> {
  const things = new Map<string, N[]>();
  for (const note of notes) things.set(keyOf(note), [...(things.get(keyOf(note)) ?? []), note]);
  return things;
}

/** Those that nobody has accepted and that may still be listed, the newest first. */
export const waitingOf = <N extends Note>(variants: readonly N[]): N[] =>
  variants
    .filter((each) => each.acceptedAt === null && each.withdrawnAt === null)
    .toSorted((a, b) => b.seenAt - a.seenAt);

/** Undefined: nothing of it is accepted, and it is not listed any more. */
export function viewOf(
  server: ServerRecord,
  variants: readonly Note[],
  toolClass: ToolClassView | null = null,
): DefinitionView | undefined {
  const accepted = newestAccepted(variants);
  const waiting = waitingOf(variants);
  const stateOf = (each: Note) => whichServed(server.definitions, each.owner, each, variants).state;
  const newest = waiting[0] ?? accepted;
  if (newest === undefined) return undefined;
  return {
    name: shownName(server.name, newest),
    server: server.name,
    kind: KINDS[newest.kind],
    state: waiting.map(stateOf).find((state) => state === 'held') ?? stateOf(newest),
    accepted: accepted?.digest ?? null,
    accepted_at: accepted === undefined || accepted.acceptedAt === null ? null : isoTime(accepted.acceptedAt),
    accepted_by: accepted?.acceptedBy ?? null,
    waiting: waiting.map((each) => ({ digest: each.digest, seen_at: isoTime(each.seenAt), state: stateOf(each) })),
    flags: newest.flags.map(toFlag),
    class: toolClass,
  };
}

export const toFlag = ({ kind, isAlarm, at, what }: Flag): DefinitionFlag => ({ kind, alarm: isAlarm, at, what });

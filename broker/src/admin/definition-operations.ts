// The operations on definitions: what waits for a person, how it differs from what was accepted, and accepting it.
import {
  definitionsApi,
  type DefinitionDiff,
  type DefinitionFlag,
  type DefinitionView,
  type ToolClassView,
} from 'mcpgate-shared/api/definitions/definitions-api';
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import { definitionChanges } from '../definitions/definition-changes.ts';
import { readShownName, shownName } from '../definitions/definitions.ts';
import { storedName } from '../definitions/stored-name.ts';
import { newestAccepted, whichServed } from '../definitions/which-served.ts';
import type { Definition, DefinitionKind, Flag } from '../domain/definition.ts';
import { serverCalled, type ServerRecord } from '../domain/server-record.ts';
import { inWorkspace } from '../domain/workspace.ts';
import type { AdminDependencies } from './dependencies.ts';
import { isoTime } from './iso-time.ts';
import { longListOperation, type Row } from './lists/list-operation.ts';
import { eventBy, operation, type Caller, type Operation } from './operation.ts';
import { changeNotes } from '../domain/change-notes.ts';
import { classIn } from './rules/tool-class.ts';

/** A cursor must go into a header and an address, and URIs of templates may be longer. */
const MOST_OF_NAME = 200;
/** Where a list of definitions has come to: the beginning of a name, and how many that begin so have been told. */
const PlaceSchema = z.strictObject({
  ...{ server: z.string().max(100), name: z.string().max(MOST_OF_NAME), told: z.int().min(0) },
});
type Place = z.output<typeof PlaceSchema>;
const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
/** Of one server. */
const isBehind = (place: Place, after: Place): boolean =>
  place.name === after.name ? place.told > after.told : inOrder(place.name, after.name) > 0;

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'definitions'>;
type Note = Omit<Definition, 'text' | 'legacyText'>;

const KINDS = { tools: 'tool', prompts: 'prompt', templates: 'template', instructions: 'instructions' } as const;

export function definitionOperations({ store, audit, definitions }: Needs): Operation[] {
  const serverNamed = async (workspaceId: string, name: string): Promise<ServerRecord> => {
    const server = serverCalled(await store.servers.list(workspaceId), name);
    if (server !== undefined) return server;
    throw new GateError('not_found', `no server ${name}; \`server list${inWorkspace(workspaceId)}\` shows them`);
  };
  /** The thing that a name means, with its server. */
  const thingNamed = async (workspaceId: string, name: string) => {
    const read = readShownName(name);
    if (read === undefined)
      throw new GateError(
        'usage',
        `${JSON.stringify(name.slice(0, 200))} names no definition; write SERVER__TOOL, prompt:SERVER__NAME, template:SERVER+URI or instructions:SERVER`,
      );
    const server = await serverNamed(workspaceId, read.server);
    return { server, thing: { kind: read.kind, name: storedName(read.name) } };
  };

  /** What each tool of a server is taken for. */
  const toolsOf = async (server: ServerRecord): Promise<Map<string, ToolClassView | null>> => {
    const texts = new Map<string, Definition[]>();
    for await (const part of store.definitions.ofServer(server.id))
      for (const each of part) {
        if (each.kind !== 'tools') continue;
        const key = keyOf({ ...each, serverId: server.id });
        texts.set(key, [...(texts.get(key) ?? []), each]);
      }
    return new Map([...texts].map(([key, variants]) => [key, classIn(server, variants)]));
  };

  /** By name. */
  const viewsOf = async (server: ServerRecord): Promise<DefinitionView[]> => {
    const things = byThing(await store.definitions.notes(server.workspaceId, server.id));
    const classes = await toolsOf(server);
    return [...things]
      .flatMap(([key, variants]) => viewOf(server, variants, classes.get(key) ?? null) ?? [])
      .sort((a, b) => inOrder(a.name, b.name));
  };

  async function accept(caller: Caller, asked: readonly { name: string; digest: string }[]) {
    const byServer = new Map<
      string,
      { server: ServerRecord; which: { kind: DefinitionKind; name: string; digest: string }[] }
    >();
    for (const { name, digest } of asked) {
      const { server, thing } = await thingNamed(caller.workspaceId, name);
      const entry = byServer.get(server.id) ?? { server, which: [] };
      entry.which.push({ ...thing, digest });
      byServer.set(server.id, entry);
    }
    const accepted: { name: string; digest: string; before: string | null }[] = [];
    for (const { server, which } of byServer.values()) {
      const ids = { workspaceId: caller.workspaceId, serverId: server.id };
      const before = byThing(await store.definitions.notes(ids.workspaceId, ids.serverId));
      const done = await store.definitions.accept(ids, which, caller.actor.name);
      definitions.changed(ids);
      for (const each of done) {
        const name = shownName(server.name, each);
        const old = newestAccepted(before.get(keyOf(each)) ?? [])?.digest ?? null;
        accepted.push({ name, digest: each.digest, before: old });
        await audit.event(
          eventBy(caller, {
            type: 'tool.accepted',
            subject: `tool:${name.slice(0, 300)}`,
            data: {
              kind: each.kind,
              digest: each.digest,
              digest_before: old ?? '',
              ...changeNotes(old === null ? undefined : { digest: old }, { digest: each.digest }),
              flags: [...new Set(each.flags.map(({ kind }) => kind))],
            },
          }),
        );
      }
    }
    if (accepted.length === 0)
      throw new GateError('stale', 'nothing of that is known any more: it has changed meanwhile; look at it again');
    return { accepted };
  }

  return [
    longListOperation(definitionsApi.list, PlaceSchema, async ({ query }, { workspaceId }) => {
      const only = query.server === undefined ? undefined : await serverNamed(workspaceId, query.server);
      const servers = (only === undefined ? await store.servers.list(workspaceId) : [only]).toSorted((a, b) =>
        inOrder(a.name, b.name),
      );
      const isAsked = ({ flags }: DefinitionView): boolean =>
        query.flagged === undefined || (query.flagged === 'true') === flags.length > 0;
      // One server after the other: what is kept of one has a bound.
      return async ({ after, limit }) => {
        const rows: Row<DefinitionView, Place>[] = [];
        for (const server of servers) {
          if (rows.length >= limit) break;
          if (after !== undefined && inOrder(server.name, after.server) < 0) continue;
          let place = { server: server.name, name: '', told: 0 };
          for (const view of await viewsOf(server)) {
            const name = view.name.slice(0, MOST_OF_NAME);
            place = { server: server.name, name, told: name === place.name ? place.told + 1 : 1 };
            if (after === undefined || inOrder(place.server, after.server) > 0 || isBehind(place, after))
              rows.push({ item: isAsked(view) ? view : undefined, place });
          }
        }
        return rows;
      };
    }),
    operation(definitionsApi.diff, async ({ query }, { workspaceId }): Promise<DefinitionDiff> => {
      const { server, thing } = await thingNamed(workspaceId, query.name);
      const variants = await store.definitions.ofThing(server.id, thing);
      const view = viewOf(server, variants, thing.kind === 'tools' ? classIn(server, variants) : null);
      if (view === undefined)
        throw new GateError(
          'not_found',
          `nothing named ${JSON.stringify(query.name.slice(0, 200))} was seen; \`tool list${inWorkspace(workspaceId)}\` shows what was`,
        );
      const accepted = newestAccepted(variants);
      const valueOf = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
      return {
        ...view,
        text: accepted?.text ?? null,
        changes: waitingOf(variants).map(({ digest, text, flags }) => ({
          digest,
          text,
          flags: flags.map(toFlag),
          changes: definitionChanges(valueOf(accepted?.text), valueOf(text)),
        })),
      };
    }),
    operation(definitionsApi.accept, async ({ body }, caller) => await accept(caller, body.definitions)),
  ];
}

const keyOf = ({ serverId, kind, name }: Note & { serverId: string }): string => `${serverId}\n${kind}\n${name}`;

function byThing<N extends Note & { serverId: string }>(notes: readonly N[]): Map<string, N[]> {
  const things = new Map<string, N[]>();
  for (const note of notes) things.set(keyOf(note), [...(things.get(keyOf(note)) ?? []), note]);
  return things;
}

/** Those that nobody has accepted and that may still be listed, the newest first. */
const waitingOf = <N extends Note>(variants: readonly N[]): N[] =>
  variants
    .filter((each) => each.acceptedAt === null && each.withdrawnAt === null)
    .toSorted((a, b) => b.seenAt - a.seenAt);

/** Undefined: nothing of it is accepted, and it is not listed any more. */
function viewOf(
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

const toFlag = ({ kind, isAlarm, at, what }: Flag): DefinitionFlag => ({ kind, alarm: isAlarm, at, what });

/** What an administrator should know about the definitions of a workspace, or of one server, a line each. */
export async function definitionWarnings(
  store: Pick<AdminDependencies['store'], 'definitions' | 'servers'>,
  workspaceId: string,
  only?: Pick<ServerRecord, 'id'>,
): Promise<{ server: string; text: string }[]> {
  const servers = (await store.servers.list(workspaceId)).filter(({ id }) => id === (only?.id ?? id));
  const things = [...byThing(await store.definitions.notes(workspaceId, only?.id)).values()];
  return servers.flatMap((server) => {
    const views = things
      .filter(([first]) => first?.serverId === server.id)
      .flatMap((variants) => viewOf(server, variants) ?? []);
    const inside = inWorkspace(workspaceId);
    const count = (state: DefinitionView['state']) => views.filter((view) => view.state === state).length;
    const [held, unreviewed] = [count('held'), server.definitions === 'accept' ? 0 : count('unreviewed')];
    // What a person has accepted, they have seen.
    const alarming = views.filter(
      ({ state, accepted_by: by, flags }) => state === 'accepted' && by === 'first' && flags.some(({ alarm }) => alarm),
    ).length;
    const texts = [
      ...(held === 0
        ? []
        : [
            `server ${server.name}: ${definitionsAre(held)} new or changed and held: \`mcpgate-broker tool list ${server.name} --held${inside}\``,
          ]),
      ...(unreviewed === 0
        ? []
        : [
            `server ${server.name}: ${definitionsAre(unreviewed)} new or changed, and nobody has looked: \`mcpgate-broker tool list ${server.name}${inside}\`, then \`mcpgate-broker tool accept ${server.name}${inside}\``,
          ]),
      ...(alarming === 0
        ? []
        : [
            `server ${server.name}: ${definitionsAre(alarming)} suspicious: \`mcpgate-broker tool list ${server.name} --flagged${inside}\``,
          ]),
    ];
    return texts.map((text) => ({ server: server.name, text }));
  });
}

const definitionsAre = (count: number): string => (count === 1 ? '1 definition is' : `${count} definitions are`);

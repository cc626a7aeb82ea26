// The operations on definitions: what waits for a person, how it differs from what was accepted, and accepting it.
import {
  definitionsApi,
  type DefinitionDiff,
  type DefinitionView,
} from 'mcpgate-shared/api/definitions/definitions-api';
import { GateError } from 'mcpgate-shared/error';
import { definitionChanges } from '../definitions/definition-changes.ts';
import { readShownName, shownName } from '../definitions/definitions.ts';
import { storedName } from '../definitions/stored-name.ts';
import { newestAccepted } from '../definitions/which-served.ts';
import type { DefinitionKind } from '../domain/definition.ts';
import { serverCalled, type ServerRecord } from '../domain/server-record.ts';
import { inWorkspace } from '../domain/workspace.ts';
import { byThing, keyOf, toFlag, viewOf, waitingOf } from './definitions/definition-view.ts';
import { DefinitionPlaceSchema, listedDefinitions } from './definitions/listed-definitions.ts';
import type { AdminDependencies } from './dependencies.ts';
import { longListOperation } from './lists/list-operation.ts';
import { eventBy, operation, type Caller, type Operation } from './operation.ts';
import { changeNotes } from '../domain/change-notes.ts';
import { classIn } from './rules/tool-class.ts';

type Needs = Pick<AdminDependencies, 'store' | 'audit' | 'definitions'>;

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
    longListOperation(definitionsApi.list, DefinitionPlaceSchema, async ({ query }, { workspaceId }) => {
      const servers =
        query.server === undefined
          ? await store.servers.list(workspaceId)
          : [await serverNamed(workspaceId, query.server)];
      return listedDefinitions(store.definitions, servers, query);
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

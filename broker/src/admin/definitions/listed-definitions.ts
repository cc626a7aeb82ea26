// The list of definitions, by the names of servers and then by their own names. A part of it reads no more of the database than what it has.
import type { DefinitionView } from 'mcpgate-shared/api/definitions/definitions-api';
import { z } from 'zod';
import { shownName } from '../../definitions/definitions.ts';
import type { DefinitionKind } from '../../domain/definition.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import type { Store } from '../../store/store.ts';
import type { ReadRows, Row } from '../lists/list-operation.ts';
import { classOfText, keptText } from '../rules/tool-class.ts';
import { KINDS, viewOf } from './definition-view.ts';

const ALL_KINDS = ['tools', 'prompts', 'templates', 'instructions'] as const satisfies readonly DefinitionKind[];
/** `name`: the server's own one, as `plain` writes it. */
export const DefinitionPlaceSchema = z.strictObject({
  ...{ server: z.string().max(100), kind: z.enum(ALL_KINDS), name: z.string().max(1_000) },
});
type Place = z.output<typeof DefinitionPlaceSchema>;

/**
 * A cursor must go into a header and an address, and JSON writes some characters with six. These change places with characters that nobody uses; done twice,
 * the name is as before. No name has U+0000.
 */
const plain = (name: string): string =>
  name.replaceAll(/[\u0001-\u001f"\\\ue001-\ue01f\ue022\ue05c]/g, (each) =>
    String.fromCharCode(each.charCodeAt(0) ^ 0xe000),
  );

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
/** In the order of their names as people see them. */
const kindsOf = (server: string): readonly DefinitionKind[] => {
  const first = (kind: DefinitionKind): string => shownName(server, { kind, name: '' });
  return ALL_KINDS.toSorted((a, b) => inOrder(first(a), first(b)));
};

interface Asked {
  kind?: DefinitionView['kind'] | undefined;
  state?: DefinitionView['state'] | undefined;
  flagged?: 'true' | 'false' | undefined;
}

const isAsked = ({ state, flags }: DefinitionView, asked: Asked): boolean =>
  (asked.state ?? state) === state && (asked.flagged === undefined || (asked.flagged === 'true') === flags.length > 0);

export function listedDefinitions(
  definitions: Pick<Store['definitions'], 'things' | 'textsOf'>,
  servers: readonly ServerRecord[],
  asked: Asked,
): ReadRows<DefinitionView, Place> {
  const ordered = servers.toSorted((a, b) => inOrder(a.name, b.name));

  async function rowsOf(
    server: ServerRecord,
    kind: DefinitionKind,
    part: { after: string | undefined; limit: number },
  ): Promise<Row<DefinitionView, Place>[]> {
    const things = await definitions.things(server.id, kind, part);
    const shown = things.map(({ name, notes }) => {
      const view = viewOf(server, notes);
      const item = view !== undefined && isAsked(view, asked) ? view : undefined;
      return { item, kept: keptText(notes), place: { server: server.name, kind, name: plain(name) } };
    });
    if (kind !== 'tools') return shown;
    const kept = shown.flatMap(({ item, kept }) => (item === undefined || kept === undefined ? [] : kept));
    const texts = await definitions.textsOf(server.id, kept);
    return shown.map(({ item, kept, place }) => {
      const text = kept === undefined ? undefined : texts.get(kept.digest);
      return { item: item && { ...item, class: text === undefined ? null : classOfText(server, text) }, place };
    });
  }

  return async ({ after, limit }) => {
    const rows: Row<DefinitionView, Place>[] = [];
    for (const server of ordered) {
      const order = after === undefined ? 1 : inOrder(server.name, after.server);
      if (order < 0) continue;
      const kinds = kindsOf(server.name);
      const from = after === undefined || order > 0 ? undefined : after;
      for (const kind of from === undefined ? kinds : kinds.slice(kinds.indexOf(from.kind))) {
        if (asked.kind !== undefined && KINDS[kind] !== asked.kind) continue;
        const behind = kind === from?.kind ? plain(from.name) : undefined;
        rows.push(...(await rowsOf(server, kind, { after: behind, limit: limit - rows.length })));
        if (rows.length >= limit) return rows;
      }
    }
    return rows;
  };
}

// What rules take a tool for, by the text that was kept of it, and who says so.
import type { ToolClassView } from 'mcpgate-shared/api/definitions/definitions-api';
import { newestAccepted } from '../../definitions/which-served.ts';
import type { Definition } from '../../domain/definition.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { toolClassOf } from '../../policy/naming.ts';

/** `own`: the server's own name of it. `said`: its definition. */
export function classOfTool(
  server: Pick<ServerRecord, 'toolClasses'>,
  own: string,
  said: ReturnType<typeof parseRecord>,
): ToolClassView {
  const hint: unknown = Object(said?.['annotations'])['readOnlyHint'];
  const { read, write } = server.toolClasses;
  const isSaidInRecord = read.includes(own) || write.includes(own);
  return {
    is: toolClassOf(server, own, hint === true) === 'read' ? 'read' : 'write',
    by: isSaidInRecord ? 'record' : typeof hint === 'boolean' ? 'server' : 'nobody',
  };
}

/** The text of a thing that counts where no list of its server is asked for: what was accepted last, or else was seen last. */
export const keptText = <D extends Pick<Definition, 'digest' | 'acceptedAt' | 'flags' | 'owner' | 'seenAt'>>(
  variants: readonly D[],
): D | undefined =>
  newestAccepted(variants) ?? variants.toSorted((a, b) => b.seenAt - a.seenAt || (a.digest < b.digest ? -1 : 1))[0];

/** Of one tool, by all texts that are kept of it. */
export function classIn(
  server: Pick<ServerRecord, 'toolClasses'>,
  variants: readonly Definition[],
): ToolClassView | null {
  return classOfText(server, keptText(variants)?.text ?? '');
}

/** Of the tool with this text; null where it names none. */
export function classOfText(server: Pick<ServerRecord, 'toolClasses'>, text: string): ToolClassView | null {
  const said = parseRecord(text);
  const own = said?.['name'];
  return typeof own === 'string' ? classOfTool(server, own, said) : null;
}

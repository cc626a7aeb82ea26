// What differs between a record before a change and after it, field by field, for people and for the log. It never shows what may be a secret.
import type { ChangedServer } from 'mcpgate-shared/api/servers';
import { extractSecrets } from 'mcpgate-shared/entries/secret-extraction';
import { flatFields } from '../../domain/change-notes.ts';
import { limitNotes } from '../../domain/bounds/resource-limits.ts';
import { runsHere, type Transport } from '../../domain/transports/transports.ts';
import type { RecordFields } from '../../domain/server-record.ts';
import { toRecordForm } from './server-view.ts';
import { hasReference } from 'mcpgate-shared/values/secret-reference';

/** What is one value, though it is made of several. */
const WHOLE: ReadonlySet<string> = new Set(['account', 'probe']);

type Changes = ChangedServer['changes'];

export function changesBetween(server: string, before: RecordFields, after: RecordFields): Changes {
  const [old, now] = [textsOf(server, before), textsOf(server, after)];
  const [oldValues, nowValues] = [valuesOf(before), valuesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((field) => oldValues.get(field) !== nowValues.get(field))
    .map((field) => ({ field, before: old.get(field) ?? null, after: now.get(field) ?? null }));
}

/** As the log has them: `url=https://…`; a field that is not there is left out. */
export function notesOf(changes: Changes): { changed: string[]; before: string[]; after: string[] } {
  const notes = (side: 'before' | 'after'): string[] =>
    changes.flatMap((change) => (change[side] === null ? [] : [`${change.field}=${change[side]}`]));
  return { changed: changes.map(({ field }) => field), before: notes('before'), after: notes('after') };
}

/** The texts with what may be a secret replaced by the reference that `server import` would make of it. */
function textsOf(server: string, fields: RecordFields): Map<string, string> {
  const { transport } = extractSecrets(server, fields.transport, { isTaken: () => false });
  return valuesOf({ ...fields, transport });
}

function valuesOf(fields: RecordFields): Map<string, string> {
  const { transport, account, ...rest } = toRecordForm(fields);
  const { kind, ...where } = transport;
  const values = { ...rest, account, transport: kind, ...where };
  return new Map(flatFields(values, WHOLE));
}

/**
 * What the log says of a record that is added or removed: all of it, without what may be a secret. Of what a server gets in its environment and headers
 * the names alone, unless it is a reference: nobody has looked at each value that comes with a file.
 */
export const recordNotes = (server: string, fields: RecordFields): string[] =>
  [...textsOf(server, fields)].map(([field, text]) =>
    /^(?:env|headers)\./.test(field) && !hasReference(text) ? `${field} is set` : `${field}=${text}`,
  );

/** What events say of the limits that a record sets itself; nothing where it sets none. */
export function ownLimitNotes(transport: Transport): { limits?: string[] } {
  const limits = runsHere(transport) ? transport.limits : undefined;
  return limits === undefined ? {} : { limits: limitNotes(limits) };
}

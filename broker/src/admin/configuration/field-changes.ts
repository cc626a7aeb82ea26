// What differs between two things of one kind, field by field, for people and for the log. It never shows what may be a secret.
import { type ConfigurationKind, ServerFormSchema } from 'mcpgate-shared/api/config/configuration';
import { flatFields } from '../../domain/change-notes.ts';
import { changesBetween } from '../servers/record-changes.ts';
import { serverFrom } from './server-form.ts';
import type { Thing } from './things.ts';

const WHOLE: ReadonlySet<string> = new Set(['account', 'probe']);

export interface FieldChange {
  field: string;
  before: string | null;
  after: string | null;
}

/** Undefined: there is nothing. */
export function fieldChanges(
  kind: ConfigurationKind,
  name: string,
  before: Thing | undefined,
  after: Thing | undefined,
): FieldChange[] {
  const isServer = kind === 'server' && before !== undefined && after !== undefined;
  const records = isServer ? [before, after].map((thing) => ServerFormSchema.safeParse(thing)) : [];
  const [old, now] = records.map((read) => (read.success ? read.data : undefined));
  if (old !== undefined && now !== undefined)
    return [
      ...changesBetween(name, serverFrom(old), serverFrom(now)),
      ...(old.enabled === now.enabled ? [] : [{ field: 'enabled', before: `${old.enabled}`, after: `${now.enabled}` }]),
    ];
  // Of a server that is added or removed the outline is told, and no value.
  if (kind === 'server') return [];
  const [from, to] = [before ?? {}, after ?? {}].map((thing) => new Map(flatFields(thing, WHOLE)));
  const fields = [...new Set([...(from?.keys() ?? []), ...(to?.keys() ?? [])])];
  return fields
    .filter((field) => from?.get(field) !== to?.get(field))
    .map((field) => ({ field, before: from?.get(field) ?? null, after: to?.get(field) ?? null }));
}

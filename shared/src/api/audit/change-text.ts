// What an event of the log says of a change, for people: each field with what it was and what it is. Events have it as two lists of lines, `field=value` or a text
// that says it all.
import type { Event } from '../audit.ts';

export interface Change {
  /** Undefined: the line says it all. */
  field: string | undefined;
  before: string | undefined;
  after: string | undefined;
}

const FIELD = /^([\w.-]+)=(.*)$/s;

type Data = Event['data'];

const linesOf = (side: unknown): string[] | undefined =>
  Array.isArray(side) ? side.filter((line) => typeof line === 'string') : undefined;

/** Undefined: the event is of no change, or says it in another form. */
export function changesOf(data: Data): Change[] | undefined {
  const [before, after] = [linesOf(data['before']), linesOf(data['after'])];
  if (before === undefined || after === undefined) return undefined;
  const both = new Set(before.filter((line) => after.includes(line)));
  const now = new Map(after.flatMap((line) => fieldOf(line)));
  const old = new Map(before.flatMap((line) => fieldOf(line)));
  return [
    ...before.flatMap((line): Change[] => {
      if (both.has(line)) return [];
      const [[field, value] = [undefined, line]] = fieldOf(line);
      return [{ field, before: value, after: field === undefined ? undefined : now.get(field) }];
    }),
    ...after.flatMap((line): Change[] => {
      const [[field, value] = [undefined, line]] = fieldOf(line);
      return both.has(line) || (field !== undefined && old.has(field))
        ? []
        : [{ field, before: undefined, after: value }];
    }),
  ];
}

function fieldOf(line: string): [field: string, value: string][] {
  const [, field, value] = FIELD.exec(line) ?? [];
  return field === undefined || value === undefined ? [] : [[field, value]];
}

/** `role: member → auditor`; what was added begins with `+`, what was removed with `-`. */
export function changeText({ field, before, after }: Change): string {
  const name = field === undefined ? '' : `${field}: `;
  if (before === undefined) return `+ ${name}${after ?? ''}`;
  return after === undefined ? `- ${name}${before}` : `${name}${before} → ${after}`;
}

/** The details that a change says already. */
export function restOf(data: Data): Data {
  if (changesOf(data) === undefined) return data;
  const { before: _before, after: _after, changed: _changed, ...rest } = data;
  return rest;
}

/** What was changed, then the other details. Those that are null are not shown. */
export function detailsOf({ data }: Pick<Event, 'data'>): string {
  const changes = (changesOf(data) ?? []).map(changeText);
  const shown = Object.entries(restOf(data)).flatMap(([key, value]) => {
    if (value === null) return [];
    return [`${key}=${Array.isArray(value) ? value.join(',') : String(value)}`];
  });
  return [...(changes.length === 0 ? [] : [changes.join(', ')]), ...shown].join(' ');
}

// Which rows somebody who reads the log wants, in numbers of words, as SQL that both engines understand: so that what is not wanted never leaves the
// database. All that stands in it are numbers.
import { KIND } from './row-columns.ts';
import type { Moment } from '../../domain/record-id.ts';

/** A word, and the moments between which rows with it are meant. */
export interface WordSpan {
  id: number;
  from: Moment;
  until: Moment;
}

/** What is left out is not asked for. */
export interface CallChoice {
  actors?: readonly number[] | undefined;
  tools?: readonly number[] | undefined;
  servers?: readonly WordSpan[] | undefined;
  /** How it ended; `isOpen`: those that have no end are wanted, too. */
  ended?: { facts: readonly number[]; isOpen: boolean } | undefined;
  /** When it began. */
  since?: Moment | undefined;
  until?: Moment | undefined;
}

export interface EventChoice {
  /** The actor or the subject. */
  people?: { actors: readonly number[]; subjects: readonly number[] } | undefined;
  servers?: readonly WordSpan[] | undefined;
  types?: readonly number[] | undefined;
  subjects?: readonly number[] | undefined;
  /** The type or the subject. */
  texts?: { types: readonly number[]; subjects: readonly number[] } | undefined;
  since?: Moment | undefined;
  until?: Moment | undefined;
}

export interface RowChoice {
  workspace: number;
  /** Undefined: none. */
  calls: CallChoice | undefined;
  events: EventChoice | undefined;
}

const NONE = '1 = 0';
const oneOf = (column: string, ids: readonly number[]): string =>
  ids.length === 0 ? NONE : `${column} in (${ids.map(whole).join(', ')})`;
const either = (conditions: readonly string[]): string =>
  conditions.length === 0 ? NONE : `(${conditions.join(' or ')})`;
const spans = (column: string, at: string, named: readonly WordSpan[]): string =>
  either(
    named.map(
      ({ id, from, until }) => `(${column} = ${whole(id)} and ${at} >= ${whole(from)} and ${at} < ${whole(until)})`,
    ),
  );

/** A number in a text of SQL. Throws TypeError for what is none. */
export function whole(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  throw new TypeError(`${value} is no whole number`);
}

function times(row: string, { since, until }: { since?: Moment | undefined; until?: Moment | undefined }): string[] {
  return [
    ...(since === undefined ? [] : [`${row}.at >= ${whole(since)}`]),
    ...(until === undefined ? [] : [`${row}.at < ${whole(until)}`]),
  ];
}

const OUTCOME = `kind = ${KIND.outcome}`;

function ofIntent(row: string, choice: CallChoice): string[] {
  const { actors, tools, servers } = choice;
  return [
    ...(actors === undefined ? [] : [oneOf(`${row}.actor`, actors)]),
    ...(tools === undefined ? [] : [oneOf(`${row}.tool`, tools)]),
    ...(servers === undefined ? [] : [spans(`${row}.server`, `${row}.at`, servers)]),
    ...times(row, choice),
  ];
}

function ofCalls(workspace: number, choice: CallChoice): string[] {
  const { ended } = choice;
  const own = `r.workspace = ${whole(workspace)}`;
  const outcomeOf = `select 1 from audit_rows as o where o.${OUTCOME} and o.call = r.position`;
  const begun = ofIntent('r', choice);
  if (ended !== undefined) {
    const ways = [`exists (${outcomeOf} and ${oneOf('o.facts', ended.facts)})`];
    if (ended.isOpen) ways.push(`not exists (${outcomeOf})`);
    begun.push(either(ways));
  }
  const over = ended === undefined ? [] : [oneOf('r.facts', ended.facts)];
  const intent = ofIntent('i', choice);
  if (intent.length > 0)
    over.push(`exists (select 1 from audit_rows as i where i.position = r.call and ${intent.join(' and ')})`);
  return [
    [`r.kind = ${KIND.intent}`, own, ...begun].join(' and '),
    [`r.kind = ${KIND.outcome}`, own, ...over].join(' and '),
  ];
}

function ofEvents(workspace: number, choice: EventChoice): string[] {
  const { people, servers, types, subjects, texts } = choice;
  const conditions = [
    `r.kind = ${KIND.event}`,
    `r.workspace = ${whole(workspace)}`,
    ...(people === undefined ? [] : [either([oneOf('r.actor', people.actors), oneOf('r.subject', people.subjects)])]),
    ...(servers === undefined ? [] : [spans('r.subject', 'r.at', servers)]),
    ...(types === undefined ? [] : [oneOf('r.facts', types)]),
    ...(subjects === undefined ? [] : [oneOf('r.subject', subjects)]),
    ...(texts === undefined ? [] : [either([oneOf('r.facts', texts.types), oneOf('r.subject', texts.subjects)])]),
    ...times('r', choice),
  ];
  return [conditions.join(' and ')];
}

/** What rows of the table, which is called `r`, must fulfil. */
export function choiceSql({ workspace, calls, events }: RowChoice): string {
  const ways = [
    ...(calls === undefined ? [] : ofCalls(workspace, calls)),
    ...(events === undefined ? [] : ofEvents(workspace, events)),
  ];
  return either(ways.map((way) => `(${way})`));
}

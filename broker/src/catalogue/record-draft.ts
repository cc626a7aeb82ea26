// What becomes of an entry of the catalogue once its fields are given: the transport of a server's record, and the keys that each person gives.
import type { CatalogueEntry, CatalogueField } from 'mcpgate-shared/api/catalogue';
import { GateError } from 'mcpgate-shared/error';
import { mapTexts } from 'mcpgate-shared/values/record-texts';
import { secretReference } from 'mcpgate-shared/values/secret-reference';

/** Whose credential the server is used with, and what that is. */
export interface LogIn {
  credential: 'shared' | 'personal';
  account: 'oauth' | 'keys' | null;
}

/** What an administrator gives for a field: the text that stands in the record, or the name of a secret. */
export type Given = { text: string } | { secret: string };

type TransportDraft = CatalogueEntry['transport'];

const FIELD = /\$\{field:([A-Z0-9_]+)\}/g;

/** The folder that a command starts in, where it may write. */
const OWN_HOME = '${home}';

/** Names of the fields that a text refers to. */
export const fieldsIn = (text: string): string[] => [...text.matchAll(FIELD)].map((match) => match[1] ?? '');

/**
 * How the server is to be logged in to, where the administrator says so in part. Throws `usage` for what the entry cannot do: OAuth where the
 * server takes none, keys where it has none.
 */
export function logInOf(entry: CatalogueEntry, wanted: Partial<LogIn>): LogIn {
  const account = wanted.account === undefined ? entry.account : wanted.account;
  const credential = wanted.credential ?? (account === null ? 'shared' : entry.credential);
  const hasKeys = entry.fields.some(({ of }) => of === 'account');
  const cannot = (message: string) => new GateError('usage', `${entry.name}: ${message}`);
  if (account === 'oauth' && entry.oauth === null) throw cannot('it takes no OAuth');
  if (account === 'keys' && !hasKeys) throw cannot('it takes no keys');
  if (account === null && credential === 'personal')
    throw cannot('it needs no credential, so that none can be personal');
  return { account, credential };
}

/** The fields that an administrator is asked for: all but those that each person gives, or that OAuth makes needless. */
export function fieldsToGive(entry: CatalogueEntry, { account, credential }: LogIn): CatalogueField[] {
  return entry.fields.filter(({ of }) => of === 'server' || (account === 'keys' && credential === 'shared'));
}

/** The fields that each person gives. */
export function fieldsOfPeople(entry: CatalogueEntry, { account, credential }: LogIn): CatalogueField[] {
  return entry.fields.filter(({ of }) => of === 'account' && account === 'keys' && credential === 'personal');
}

/**
 * The transport with everything put in. A header, variable or argument whose field may be left out and was, goes with it. Throws `usage`
 * naming the field for one that is missing, that the entry does not have, or whose text is not one of its choices.
 */
export function transportDraft(entry: CatalogueEntry, logIn: LogIn, given: ReadonlyMap<string, Given>): TransportDraft {
  const refuse = (message: string) => new GateError('usage', `${entry.name}: ${message}`);
  const asked = fieldsToGive(entry, logIn);
  const ofPeople = new Set(fieldsOfPeople(entry, logIn).map(({ name }) => name));
  const unknown = [...given.keys()].find((name) => !asked.some((field) => field.name === name));
  if (unknown !== undefined) throw refuse(unknownField(unknown, asked));
  const values = new Map<string, string>();
  for (const field of asked) {
    const value = valueOf(field, given.get(field.name));
    if (value !== undefined) values.set(field.name, value);
    else if (field.required) throw refuse(`${field.name} is missing (${field.label})`);
  }
  for (const name of ofPeople) values.set(name, `\${account:${name}}`);

  const isReference = (name: string): boolean => ofPeople.has(name) || 'secret' in (given.get(name) ?? {});
  const filled = (text: string): string | undefined => {
    if (!fieldsIn(text).every((name) => values.has(name))) return undefined;
    // What stands around the references that were given must be none: neither as it is nor where its pieces meet.
    const apart = text
      .replaceAll(OWN_HOME, '\n')
      .replaceAll(FIELD, (_whole, name: string) => (isReference(name) ? '\n' : (values.get(name) ?? '')));
    if (apart.includes('${'))
      throw refuse('with its fields filled in, a text of it would name a secret or an account that was not given');
    return text.replaceAll(FIELD, (_whole, name: string) => values.get(name) ?? '');
  };
  return mapTexts(entry.transport, (text, spot) => {
    const value = filled(text);
    if (value === undefined && spot.kind === 'url') throw refuse('a part of its address is missing');
    return value;
  });
}

function valueOf(field: CatalogueField, given: Given | undefined): string | undefined {
  const refuse = (message: string) => new GateError('usage', `${field.name}: ${message}`);
  if (given === undefined) return field.secret ? undefined : (field.default ?? undefined);
  if ('secret' in given) return secretReference(given.secret);
  const { text } = given;
  if (field.secret) throw refuse('this is a secret, and belongs in the vault');
  if (text.includes('${')) throw refuse('write the value itself; a secret of the vault is named with --secret');
  if (field.choices.length > 0 && !field.choices.includes(text))
    throw refuse(`"${text}" is none of ${field.choices.join(', ')}`);
  return text === '' ? undefined : text;
}

function unknownField(name: string, asked: readonly CatalogueField[]): string {
  const names = asked.map((field) => field.name);
  return names.length === 0
    ? `it has no fields to give, and "${name}" was given`
    : `"${name}" is no field of it; it has ${names.join(', ')}`;
}

/** What the secret of a field is called: `github` and GITHUB_TOKEN make `github-token`, `sentry` and DSN make `sentry-dsn`. */
export function secretNameFor(server: string, field: string): string {
  const words = field.toLowerCase().replaceAll('_', '-');
  return words.startsWith(`${server}-`) ? words : `${server}-${words}`;
}

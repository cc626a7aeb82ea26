// Accounts that are made of keys: what a person enters, in the form that the server's record asks for.
import { GateError } from 'mcpgate-shared/error';
import type { AccountKey } from '../domain/people/account.ts';
import type { ServerRecord } from '../domain/server-record.ts';

/** The service was asked with keys before they were kept, and turned them away. */
export class KeysRefused extends GateError {}

const MAX_BYTES = 64 * 1024;

export function keysOf({ name, account }: Pick<ServerRecord, 'name' | 'account'>): readonly AccountKey[] {
  if (account?.kind === 'keys') return account.fields;
  throw new GateError('usage', `server ${name} takes no keys`);
}

/** What was entered, without what stands around it. Throws `usage` naming the first key that is missing, unknown or no text; never a value. */
export function checkKeys(
  server: Pick<ServerRecord, 'name' | 'account'>,
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const fields = keysOf(server);
  const unknown = Object.keys(given).find((name) => !fields.some((field) => field.name === name));
  if (unknown !== undefined) throw new GateError('usage', `server ${server.name} has no key ${unknown}`);
  return Object.fromEntries(
    fields.map(({ name, label }) => {
      const value = (Object.hasOwn(given, name) ? (given[name] ?? '') : '').trim();
      if (value === '') throw new GateError('usage', `${label} (${name}) is missing`);
      if (!value.isWellFormed() || value.includes('\0')) throw new GateError('usage', `${label} (${name}) is no text`);
      if (Buffer.byteLength(value) > MAX_BYTES)
        throw new GateError('too_large', `${label} (${name}) is longer than ${MAX_BYTES} bytes`);
      return [name, value];
    }),
  );
}

// Finds the secrets and account keys that a server's record refers to, and the texts of it that anybody may read.
import { textsOf } from 'mcpgate-shared/values/record-texts';
import { type ReferenceKind, referencesIn, withoutReferences } from 'mcpgate-shared/values/secret-reference';
import type { ServerRecord } from '../server-record.ts';
import { fixedTextsOf, type Transport } from './transports.ts';

/** Names of the secrets that a record refers to, each once. */
export function secretNamesIn(transport: Transport): string[] {
  return namesIn(transport, 'secret');
}

/** The same with those that its account needs. */
export function secretNamesOfRecord({ transport, account }: Pick<ServerRecord, 'transport' | 'account'>): string[] {
  const client = account?.kind === 'oauth' ? (account.clientSecret ?? '') : '';
  return [...new Set([...secretNamesIn(transport), ...referencesIn(client).map(({ name }) => name)])];
}

/** Names of the keys of an account that a record refers to, each once. */
export function accountKeysIn(transport: Transport): string[] {
  return namesIn(transport, 'account');
}

function namesIn(transport: Transport, kind: ReferenceKind): string[] {
  const references = textsOf(transport).flatMap(({ text }) => referencesIn(text));
  return [...new Set(references.filter((each) => each.kind === kind).map(({ name }) => name))];
}

/** What stands openly in a record. */
export function openTextsOf(transport: Transport): string[] {
  return [...fixedTextsOf(transport), ...textsOf(transport).map(({ text }) => text)].map(withoutReferences);
}

// Which secrets the texts of a server's record name, and what stands openly in it.
import { textsOf } from 'mcpgate-shared/values/record-texts';
import { referencesIn, withoutReferences } from 'mcpgate-shared/values/secret-reference';
import type { Transport } from './server-record.ts';

/** Names of the secrets that a record refers to, each once. */
export function secretNamesIn(transport: Transport): string[] {
  return [...new Set(textsOf(transport).flatMap(({ text }) => referencesIn(text).map(({ name }) => name)))];
}

/** What stands openly in a record. */
export function openTextsOf(transport: Transport): string[] {
  const named = transport.kind === 'stdio' ? [transport.command] : [];
  return [...named, ...textsOf(transport).map(({ text }) => text)].map(withoutReferences);
}

// The questions that each kind of transport answers about itself: how it is read, stored, shown and changed. Each kind answers them in its own
// file beside this one; transports.ts has the table of all kinds, and nothing else tells one kind from another.
import type { ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import type { Server, TransportForm } from 'mcpgate-shared/api/servers';
import type { z } from 'zod';
import type { RecordTexts } from 'mcpgate-shared/values/record-texts';

/** What a server of this transport is for the broker: a process that it starts on its own host, or something at a URL. */
export type Reach = 'process' | 'url';

/** As the API shows the fields of every kind; those of other kinds are empty. */
export type ShownTransport = Pick<
  Server,
  'command' | 'args' | 'env' | 'cwd' | 'network' | 'url' | 'headers' | 'identity_header'
>;

export const NOTHING_SHOWN: ShownTransport = {
  command: null,
  args: [],
  env: {},
  cwd: null,
  network: null,
  url: null,
  headers: {},
  identity_header: null,
};

/** New settings for a record that is there already. */
export interface TransportChanges {
  /** Where the server is from now on, if it was reached in another way until now, too. */
  url?: string | undefined;
  /** With null: the header is taken out. */
  headers?: Readonly<Record<string, string | null>> | undefined;
  /** Null: the server is not told who asks. */
  identityHeader?: string | null | undefined;
  command?: string | undefined;
  args?: readonly string[] | undefined;
  env?: Readonly<Record<string, string | null>> | undefined;
  /** Null: the home that the broker makes. */
  cwd?: string | null | undefined;
  limits?: ResourceLimitsForm | undefined;
  network?: 'full' | 'none' | undefined;
}

/** The values with those changes made; null takes one out. The same object where nothing is said. */
export function withValues(
  values: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> | undefined,
): Readonly<Record<string, string>> {
  if (changes === undefined) return values;
  const all: [string, string | null][] = Object.entries({ ...values, ...changes });
  return Object.fromEntries(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

export interface TransportDescription<T extends RecordTexts> {
  readonly reach: Reach;
  /** What the database holds of it. */
  readonly stored: z.ZodType<T>;
  /** From what the API was given. Throws `usage`. */
  read(form: Extract<TransportForm, { kind: T['kind'] }>): T;
  shown(transport: T): ShownTransport;
  /** Of what is shown of it. */
  shownTexts(shown: ShownTransport): RecordTexts<T['kind']>;
  /** As the API takes it: what `read` makes this transport of. */
  form(transport: T): Extract<TransportForm, { kind: T['kind'] }>;
  /** Where changes say that the server is reached in this way: the record of it, as far as it is said; else undefined. */
  begun(changes: TransportChanges): T | undefined;
  /** With those changes that are about this kind, and the others, which cannot be made to it. */
  changed(transport: T, changes: TransportChanges): readonly [transport: T, others: TransportChanges];
  /** Where the server is, as far as an account is bound to it: whoever moves the server elsewhere does not take accounts along. */
  target(transport: T): string;
  /** The header in which the server is told who asks; undefined: it is not told. */
  identityHeader(transport: T): string | undefined;
  /** What says openly what it is, beside the texts that secrets are put into (`shared/src/values/record-texts.ts`). */
  fixedTexts(transport: T): readonly string[];
}

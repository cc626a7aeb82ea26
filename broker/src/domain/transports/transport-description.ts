// What each kind of transport says of itself, and how the rest of the broker asks: one description a kind, in a file of its own beside
// this one. All of them are in one table (transports.ts), and nothing else tells one kind from another.
import type { ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import type { Server, TransportForm } from 'mcpgate-shared/api/servers';
import type { z } from 'zod';
import type { RecordTexts } from 'mcpgate-shared/values/record-texts';

/** What a server of this transport is for the broker: a process that it starts on its own host, or something at a URL. */
export type Reach = 'process' | 'url';

/** As the API shows the fields of every kind; those of other kinds are empty. */
export type ShownTransport = Pick<Server, 'command' | 'args' | 'env' | 'cwd' | 'network' | 'url' | 'headers'>;

export const NOTHING_SHOWN: ShownTransport = {
  command: null,
  args: [],
  env: {},
  cwd: null,
  network: null,
  url: null,
  headers: {},
};

/** New settings for a record that is there already. */
export interface TransportChanges {
  limits?: ResourceLimitsForm | undefined;
  network?: 'full' | 'none' | undefined;
}

export interface TransportDescription<T extends RecordTexts> {
  readonly reach: Reach;
  /** What the database holds of it. */
  readonly stored: z.ZodType<T>;
  /** From what the API was given. Throws `usage`. */
  read(form: Extract<TransportForm, { kind: T['kind'] }>): T;
  shown(transport: T): ShownTransport;
  /** With those changes that are about this kind, and the others, which cannot be made to it. */
  changed(transport: T, changes: TransportChanges): readonly [transport: T, others: TransportChanges];
  /** Where the server is, as far as an account is bound to it: whoever moves the server elsewhere does not take accounts along. */
  target(transport: T): string;
  /** What says openly what it is, beside the texts that secrets are put into (`shared/src/values/record-texts.ts`). */
  fixedTexts(transport: T): readonly string[];
}

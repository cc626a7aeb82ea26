// The table of all kinds of transport, with one function for each question about a transport of any kind. A new kind is a file beside this one
// and its two lines here; the compiler names what else must know of it (docs/architecture.md, “Adding a transport”).
import { createHash } from 'node:crypto';
import type { TransportForm } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import type { RecordTexts } from 'mcpgate-shared/values/record-texts';
import { z } from 'zod';
import { httpTransport, type HttpTransport } from './http-transport.ts';
import { stdioTransport, type StdioTransport } from './stdio-transport.ts';
import type { Reach, ShownTransport, TransportChanges, TransportDescription } from './transport-description.ts';

interface Kinds {
  stdio: StdioTransport;
  http: HttpTransport;
}

const TABLE = {
  stdio: stdioTransport,
  http: httpTransport,
} as const satisfies { readonly [K in keyof Kinds]: TransportDescription<Kinds[K]> };

export type TransportKind = keyof Kinds;
/** Of one kind; of any where none is named. */
export type Transport<K extends TransportKind = TransportKind> = { [P in K]: { kind: P } & Kinds[P] }[K];

/** The same table, as the compiler follows a transport to the description of its own kind. */
const DESCRIPTIONS: { readonly [K in TransportKind]: TransportDescription<Transport<K>> } = TABLE;

export const TRANSPORT_KINDS: readonly string[] = Object.keys(TABLE);

type Reached<R extends Reach> = {
  [K in TransportKind]: (typeof TABLE)[K]['reach'] extends R ? Transport<K> : never;
}[TransportKind];
export type ProcessTransport = Reached<'process'>;
type UrlTransport = Reached<'url'>;

export const reachOf = ({ kind }: { readonly kind: TransportKind }): Reach => TABLE[kind].reach;

/** Whether the broker starts the server, as a process of its own host: with a home, limits, a sandbox, and leave to be run at all. */
export function runsHere(transport: Transport): transport is ProcessTransport {
  return reachOf(transport) === 'process';
}

/** Whether the server runs elsewhere, at an address that can be looked up. */
export function isAtUrl(transport: Transport): transport is UrlTransport {
  return reachOf(transport) === 'url';
}

/** As it stands in the database. */
export const StoredTransportSchema: z.ZodType<Transport> = z.union(Object.values(TABLE).map(({ stored }) => stored));

/** Throws `usage` where the form says what no server can be reached by. */
export function readTransport<K extends TransportKind>(form: Extract<TransportForm, { kind: K }>): Transport {
  return DESCRIPTIONS[form.kind].read(form);
}

export function shownTransport<K extends TransportKind>(transport: Transport<K>): ShownTransport {
  return DESCRIPTIONS[transport.kind].shown(transport);
}

/** The texts of the record that is shown so. */
export function shownTextsOf({ transport, ...shown }: ShownTransport & { transport: TransportKind }): RecordTexts {
  return DESCRIPTIONS[transport].shownTexts(shown);
}

/** As the API takes it; the inverse of `readTransport`. */
export function transportForm<K extends TransportKind>(transport: Transport<K>): TransportForm {
  return DESCRIPTIONS[transport.kind].form(transport);
}

/** Where the server is, as far as an account is bound to it. */
export function targetOf<K extends TransportKind>(transport: Transport<K>): string {
  return DESCRIPTIONS[transport.kind].target(transport);
}

/** The same, for those who see and say it without being told what stands in the record. */
export function targetDigestOf(transport: Transport): string {
  return createHash('sha256').update(targetOf(transport)).digest('base64url');
}

/** The header in which the server is told who asks; undefined: it is not told. */
export function identityHeaderOf<K extends TransportKind>(transport: Transport<K>): string | undefined {
  return DESCRIPTIONS[transport.kind].identityHeader(transport);
}

export function fixedTextsOf<K extends TransportKind>(transport: Transport<K>): readonly string[] {
  return DESCRIPTIONS[transport.kind].fixedTexts(transport);
}

const REACHED: Readonly<Record<Reach, string>> = { process: 'is started by mcpgate', url: 'is reached at a URL' };
const ABOUT: Readonly<Record<keyof TransportChanges, string>> = {
  url: 'an address is for servers at a URL',
  headers: 'headers are for servers at a URL',
  identityHeader: 'a header that says who asks is for servers at a URL',
  command: 'a command is for servers that mcpgate starts',
  args: 'arguments are for servers that mcpgate starts',
  env: 'env is for servers that mcpgate starts',
  cwd: 'a working directory is for servers that mcpgate starts',
  limits: 'limits are for servers that mcpgate starts',
  network: 'network is for servers that mcpgate starts',
};

const CHANGES = Object.keys(ABOUT).filter((name): name is keyof TransportChanges => name in ABOUT);

/**
 * With other settings; what is not said stays. Where they say that the server is reached in another way, nothing of the former one stays. Throws
 * `usage` where one of them is not for this kind of server.
 */
export function changedTransport(server: string, transport: Transport, changes: TransportChanges): Transport {
  const [begun, another] = Object.values(TABLE).flatMap((description) => description.begun(changes) ?? []);
  if (another !== undefined) throw new GateError('usage', `${server} has one address or one command, not both`);
  return changedOf(server, begun === undefined || begun.kind === transport.kind ? transport : begun, changes);
}

function changedOf<K extends TransportKind>(
  server: string,
  transport: Transport<K>,
  changes: TransportChanges,
): Transport<K> {
  const { reach, changed } = DESCRIPTIONS[transport.kind];
  const [result, others] = changed(transport, changes);
  const unfit = CHANGES.find((name) => others[name] !== undefined);
  if (unfit !== undefined) throw new GateError('usage', `${server} ${REACHED[reach]}; ${ABOUT[unfit]}`);
  return result;
}

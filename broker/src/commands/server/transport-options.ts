// Makes the transport of a server from the words and flags of a command.
import { ResourceLimitsSchema, type ResourceLimitsForm } from 'mcpgate-shared/api/resource-limits';
import { NetworkSchema, type TransportForm } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { pairs } from '../values.ts';

export interface TransportOptions {
  header?: string[];
  env?: string[];
  cwd?: string;
  limit?: string[];
  network?: string;
  identityHeader?: string;
}

type Kind = TransportForm['kind'];
type Forms = { [K in Kind]: Extract<TransportForm, { kind: K }> };

/** What the words of the command say: a URL, or a command with its arguments. */
type Where<K extends Kind = Kind> = {
  [P in K]: { kind: P } & { stdio: Pick<Forms['stdio'], 'command' | 'args'>; http: Pick<Forms['http'], 'url'> }[P];
}[K];

interface KindFlags<K extends Kind> {
  /** Throws `usage` where a flag of this kind cannot be read. */
  read(where: Where<K>, options: TransportOptions): Forms[K];
  /** The flags of other kinds, each with the error where it is given. */
  others: readonly [flag: keyof TransportOptions, objection: string][];
}

const FLAGS: { readonly [K in Kind]: KindFlags<K> } = {
  http: {
    read: (where, { header, identityHeader }) => ({
      ...where,
      headers: pairs('--header', header, /=|:\s*/),
      ...(identityHeader === undefined ? {} : { identity_header: identityHeader }),
    }),
    others: [
      ['env', '--env is for a command; use --header with --url'],
      ['limit', '--limit is for a command; a server at a URL runs elsewhere'],
      ['network', '--network is for a command; a server at a URL runs elsewhere'],
    ],
  },
  stdio: {
    read: (where, { env, cwd, limit, network }) => ({
      ...where,
      env: pairs('--env', env, /=/),
      ...(cwd === undefined ? {} : { cwd }),
      ...(limit === undefined ? {} : { limits: limitsOf(limit) }),
      ...(network === undefined ? {} : { network: networkOf(network) }),
    }),
    others: [
      ['header', '--header is for --url; use --env with a command'],
      ['identityHeader', '--identity-header is for --url; a command is not told who asks'],
    ],
  },
};

/** Throws `usage` where a flag cannot be read, or is for servers of another kind. */
export function transportOf<K extends Kind>(where: Where<K>, options: TransportOptions): TransportForm {
  const { read, others } = FLAGS[where.kind];
  const form = read(where, options);
  for (const [flag, objection] of others) if (options[flag] !== undefined) throw new GateError('usage', objection);
  return form;
}

export const IDENTITY_HELP =
  'the header of each request in which the server is told who asks, by a signed JWT, as X-Mcpgate-Identity';

export const TRUST_HELP =
  'believe its tools that they are read-only or idempotent: such a call is sent again where its connection died';

export const LIMIT_HELP =
  'what a command may use up: memory=512MiB, open_files=N, processes=N, cpu_seconds=N; none: as much as there is';

export const NETWORK_HELP = 'what a command can reach: all that its host can, or nothing, which a sandbox keeps';

/** Whether the words after the name are an address (as a word, or `--url`) or a command. Throws `usage` where they are neither or both. */
export function whereOf(name: string, words: readonly string[], flag: string | undefined): Where {
  const where = addressOrCommand(`server add ${name}`, words, flag);
  if (where === undefined) throw usageOf(`server add ${name}`, 'say where the server is');
  return where;
}

function usageOf(command: string, message: string): GateError {
  return new GateError('usage', `${message}: \`${command} https://HOST/mcp\`, or \`${command} -- COMMAND ARGS…\``);
}

/** The same; undefined for neither. `command`: what was typed before, for messages. */
export function addressOrCommand(
  command: string,
  words: readonly string[],
  flag: string | undefined,
): Where | undefined {
  const [first, ...args] = words;
  const usage = (message: string): GateError => usageOf(command, message);
  if (first === undefined) return flag === undefined ? undefined : { kind: 'http', url: flag };
  if (flag !== undefined) throw usage('a server has one address or one command');
  if (!/^https?:\/\//i.test(first)) {
    if (looksLikeAddress(first))
      throw usage(`"${first}" is no command, and an address starts with https:// or http://`);
    return { kind: 'stdio', command: first, args };
  }
  if (args.length > 0) throw usage(`a URL takes no arguments, and "${args[0] ?? ''}" follows it`);
  return { kind: 'http', url: first };
}

/** Whether a word looks like an address and not like a program: `wiki.example.com/mcp`, `localhost:8080/mcp`, `wss://…`. */
function looksLikeAddress(word: string): boolean {
  return (
    /^[a-z][a-z\d+.-]*:\/\//i.test(word) || /^(?:[\w-]+(?:\.[\w-]+)*:\d+(?:\/|$)|(?:[\w-]+\.)+[\w-]+\/)/.test(word)
  );
}

export function limitsOf(words: readonly string[]): ResourceLimitsForm {
  const form = Object.fromEntries(
    Object.entries(pairs('--limit', words, /=/)).map(([name, text]) => [
      name,
      name !== 'memory' && /^\d+$/.test(text) ? Number(text) : text,
    ]),
  );
  const checked = ResourceLimitsSchema.safeParse(form);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  const name = issue?.path[0];
  const why =
    name === undefined
      ? 'the limits are memory, open_files, processes, cpu_seconds'
      : `${String(name)}: ${issue?.message}`;
  throw new GateError('usage', `--limit: ${why}`);
}

export function networkOf(text: string): 'full' | 'none' {
  const known = NetworkSchema.safeParse(text);
  if (known.success) return known.data;
  throw new GateError('usage', `--network: "${text}" is neither full nor none`);
}

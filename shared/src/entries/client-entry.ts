// Reads one entry of an AI client's configuration into a server draft. The formats of Claude, Cursor, Windsurf, VS Code, Gemini, Cline, Zed,
// OpenCode, Codex and Goose differ in small ways. A setting that means something only on a laptop is dropped, with a warning.
import { type ResourceLimitsForm, ResourceLimitsSchema } from '../api/resource-limits.ts';
import { z } from 'zod';
import { splitCommand } from './split-command.ts';
import { asciiLetters } from '../ascii-letters.ts';
import { senseOfName } from './secret-names.ts';

export type EntryTransport =
  | {
      kind: 'stdio';
      command: string;
      args: string[];
      env: Record<string, string>;
      cwd?: string;
      limits?: ResourceLimitsForm;
      network?: 'none';
    }
  | { kind: 'http'; url: string; headers: Record<string, string> };

export interface ServerDraft {
  name: string;
  enabled: boolean;
  transport: EntryTransport;
  /** Names of placeholders in it (`${input:NAME}`) that the client says hold secrets. */
  inputs: readonly string[];
  warnings: readonly string[];
}

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const text = z
  .string()
  .trim()
  .transform((value) => (value === '' ? undefined : value))
  .nullish();
/** Members that are null or have an empty name are left out. */
const textMap = z
  .record(z.string(), scalar.nullable())
  .nullish()
  .transform((map) =>
    Object.fromEntries(
      Object.entries(map ?? {}).flatMap(([key, value]) =>
        value === null || key.trim() === '' ? [] : [[key.trim(), value]],
      ),
    ),
  );
const words = z
  .array(scalar.nullable())
  .nullish()
  .transform((list) => (list ?? []).filter((word) => word !== null));
/** A truth value; some files have it as a word or a number. */
const truth = z
  .union([z.boolean(), z.number(), z.string()])
  .nullish()
  .transform((value) =>
    value === undefined || value === null ? undefined : !/^(?:false|0|no|off|)$/i.test(String(value).trim()),
  );
const names = z.array(z.string()).nullish();

const EntrySchema = z.looseObject({
  type: text,
  transport: text,
  transportType: text,
  command: z.union([text, words, z.looseObject({ path: text, args: words, env: textMap })]),
  cmd: text,
  args: z.union([words, z.string().transform((line) => splitCommand(line))]),
  env: textMap,
  envs: textMap,
  environment: textMap,
  envFile: text,
  env_keys: names,
  env_vars: names,
  cwd: text,
  url: text,
  uri: text,
  serverUrl: text,
  httpUrl: text,
  headers: textMap,
  http_headers: textMap,
  env_http_headers: textMap,
  bearer_token: text,
  bearer_token_env_var: text,
  requestInit: z.looseObject({ headers: textMap }).nullish(),
  limits: ResourceLimitsSchema.nullish(),
  /** `none`; anything else is the same as leaving it out. */
  network: z.unknown().optional(),
  disabled: truth,
  enabled: truth,
});
type Entry = z.output<typeof EntrySchema>;

/** Members that are dropped without a warning: names, and descriptions of what the entry says anyway. */
const SILENT = new Set([
  'name',
  'description',
  'title',
  'id',
  'source',
  'gallery',
  'version',
  'note',
  'comment',
  '_comment',
]);

/** The draft of one entry; `skipped`: why the entry makes none, for people. */
export function readClientEntry(name: string, value: unknown): ServerDraft | { skipped: string } {
  const shown = name.trim() === '' ? 'an entry without a name' : name;
  if (value === null || value === undefined) return { skipped: `${shown}: is empty; left out` };
  const checked = EntrySchema.safeParse(value);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const where = issue === undefined || issue.path.length === 0 ? '' : `.${issue.path.join('.')}`;
    return { skipped: `${shown}${where}: ${issue?.message ?? 'cannot be read'}; left out` };
  }
  const entry = checked.data;
  const warnings = notesOf(shown, entry, value);
  const enabled = entry.disabled !== true && entry.enabled !== false;
  const started = commandOf(entry);
  if (started !== undefined) {
    if (/(^|[\\/])mcpgate(\.cmd|\.exe)?$/.test(started.command))
      return { skipped: `${shown}: this is mcpgate itself; left out` };
    if (started.isSplit) warnings.push(`${shown}: its command was one line, and was taken apart at the blanks`);
    const unused = ['url', 'serverUrl', 'httpUrl', 'uri', 'headers', 'http_headers'].filter((key) =>
      isFilled(Object(value)[key]),
    );
    if (unused.length > 0) warnings.push(`${shown}: it has a command, which counts; ${unused.join(', ')} left out`);
    const cwd = entry.cwd === undefined || entry.cwd === null || entry.cwd.includes('${') ? undefined : entry.cwd;
    if (cwd === undefined && entry.cwd)
      warnings.push(`${shown}: its folder ${entry.cwd} is on the laptop; it starts in its home here`);
    const env = withDefaults({
      ...fromLaptop(entry),
      ...entry.env,
      ...entry.envs,
      ...entry.environment,
      ...started.env,
    });
    const more = {
      ...(cwd === undefined ? {} : { cwd }),
      ...(entry.limits ? { limits: entry.limits } : {}),
      ...(entry.network === 'none' ? { network: 'none' as const } : {}),
    };
    const { command, args } = started;
    const inputs = secretInputs(entry);
    return { name, enabled, transport: { kind: 'stdio', command, args, env, ...more }, inputs, warnings };
  }
  const address = entry.url ?? entry.serverUrl ?? entry.httpUrl ?? entry.uri;
  if (address === undefined || address === null)
    return { skipped: `${shown}: has neither \`command\` nor \`url\`; left out` };
  const url = withDefault(address);
  if (!/^https?:\/\/[^/?#\s]+/i.test(url))
    return { skipped: `${shown}.url: it does not start with https:// or http://; left out` };
  const unused = ['args', 'env', 'envs', 'environment', 'cwd'].filter((key) => isFilled(Object(value)[key]));
  if (unused.length > 0) warnings.push(`${shown}: it is reached at its URL; ${unused.join(', ')} left out`);
  if (entry.limits) warnings.push(`${shown}: limits are for servers that mcpgate starts; left out`);
  return {
    name,
    enabled,
    transport: { kind: 'http', url, headers: headersOf(entry) },
    inputs: secretInputs(entry),
    warnings,
  };
}

function commandOf(
  entry: Entry,
): { command: string; args: string[]; env: Record<string, string>; isSplit: boolean } | undefined {
  const { command } = entry;
  const args = [...entry.args];
  if (Array.isArray(command)) {
    const [first, ...rest] = command;
    return first === undefined || first === ''
      ? undefined
      : { command: first, args: [...rest, ...args], env: {}, isSplit: false };
  }
  if (typeof command === 'object' && command !== null)
    return command.path
      ? { command: command.path, args: [...command.args, ...args], env: command.env, isSplit: false }
      : undefined;
  const line = command ?? entry.cmd;
  if (line === undefined || line === null) return undefined;
  // `npx -y server --key x` in one; a path with a blank in it stays one.
  const isLine = args.length === 0 && /\s/.test(line) && !/^(?:[A-Za-z]:)?[\\/]|^[~.]/.test(line);
  const [first = line, ...rest] = isLine ? splitCommand(line) : [line];
  return { command: first, args: [...rest, ...args], env: {}, isSplit: isLine };
}

/** Variables that the client takes from its own environment or keychain, as placeholders: their values are not in the file. */
function fromLaptop(entry: Entry): Record<string, string> {
  return Object.fromEntries(variablesOf(entry).map((name) => [name, `\${input:${name}}`]));
}

function variablesOf({ env_keys: kept, env_vars: passed }: Entry): string[] {
  const secret = (passed ?? []).filter((name) => senseOfName(name) !== 'silent' && senseOfName(name) !== 'harmless');
  return [...(kept ?? []), ...secret].filter((name) => name.trim() !== '');
}

function secretInputs(entry: Entry): string[] {
  return [...variablesOf(entry), ...Object.values(entry.env_http_headers), entry.bearer_token_env_var ?? ''];
}

function headersOf(entry: Entry): Record<string, string> {
  const fromEnv = Object.entries(entry.env_http_headers).map(([name, variable]) => [name, `\${input:${variable}}`]);
  const bearer =
    entry.bearer_token ?? (entry.bearer_token_env_var ? `\${input:${entry.bearer_token_env_var}}` : undefined);
  return withDefaults({
    ...entry.requestInit?.headers,
    ...entry.headers,
    ...entry.http_headers,
    ...Object.fromEntries(fromEnv),
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
  });
}

/** The value with each `${NAME:-default}` replaced by its default: variables of the laptop are not set at the broker. */
function withDefault(value: string): string {
  return value.replaceAll(/\$\{[A-Z_][A-Z0-9_]*:-([^{}]+)\}/gi, (_whole, fallback: string) => fallback);
}

function withDefaults(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, withDefault(value)]));
}

/** Warnings about members of the entry that are not taken over. */
function notesOf(name: string, entry: Entry, value: unknown): string[] {
  const notes: string[] = [];
  const dropped = Object.keys(Object(value)).filter(
    (key) => !Object.hasOwn(EntrySchema.shape, key) && !SILENT.has(key),
  );
  if (dropped.length > 0)
    notes.push(
      `${name}: ${dropped.join(', ')} ${dropped.length === 1 ? 'means' : 'mean'} something to the AI client alone; left out`,
    );
  const unread = (entry.env_vars ?? []).filter((variable) => !variablesOf(entry).includes(variable));
  if (unread.length > 0)
    notes.push(
      `${name}: ${unread.join(', ')} of the laptop’s environment ${unread.length === 1 ? 'is' : 'are'} not passed on here`,
    );
  if (entry.envFile)
    notes.push(
      `${name}: envFile ${entry.envFile} is on the laptop and was not read; set its values with \`secret set\``,
    );
  const empty = ['env', 'headers', 'args', 'environment', 'envs', 'http_headers'].filter((key) =>
    hasNulls(Object(value)[key]),
  );
  if (empty.length > 0) notes.push(`${name}: what is null or has no name in ${empty.join(', ')} was left out`);
  return notes;
}

const isFilled = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== null && value !== '';

function hasNulls(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, each]) => each === null || key.trim() === '');
}

/** A legal name close to `name`. */
export function legalServerName(name: string): string {
  const plain = asciiLetters(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 24)
    .replace(/^-+|-+$/g, '');
  return plain === '' ? 'server' : plain;
}

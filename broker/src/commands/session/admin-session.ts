// What all administration commands share: their options, the client of the API, and how they print.
import type { Command } from 'commander';
import { WorkspaceNameSchema, type Receipt } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { isLoopback } from '../../config/listen-address.ts';
import { loadConfig } from '../../config/load-config.ts';
import { inWorkspace } from '../../domain/workspace.ts';
import { createAdminClient, type AdminClient } from './admin-client.ts';
import type { CommandContext } from '../context.ts';
import { shellWord } from '../../domain/shell-word.ts';
import { columnsOf } from '../terminal/hung.ts';
import { formatTable } from '../terminal/table.ts';

export interface AdminOptions {
  data?: string;
  config?: string;
  url?: string;
  json?: boolean;
  workspace?: string;
}

export interface AdminSession {
  readonly api: AdminClient;
  readonly json: boolean;
  readonly context: CommandContext;
  /** Flags to add to a command that is printed as the next step, so that it goes to the same broker and workspace as this one. */
  readonly inside: string;
  /** One JSON document with `--json`, else the table. */
  list(
    items: readonly object[],
    head: readonly string[],
    row: (index: number) => readonly string[],
    empty: string,
    below?: readonly string[],
    /** Columns that a narrow terminal does without, the least needed first. */
    least?: readonly string[],
    /** The column that is never cut: it goes on in further lines. */
    wraps?: string,
  ): void;
  /** One JSON document with `--json`, else the text. */
  show(document: unknown, text: string): void;
  receipt(receipt: Receipt, done: string): void;
}

/** Adds the options that every administration command takes. */
export function adminOptions(command: Command): Command {
  return hostOptions(command).option('--url <url>', 'speak to this broker over the network, with MCPGATE_ADMIN_TOKEN');
}

/** Adds the same without the broker's URL, which has another name where `--url` is the server's. */
export function hostOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON document')
    .option('--workspace <name>', 'the workspace to work in; your own unless said')
    .option('--data <dir>', 'data folder of the running broker')
    .option('--config <file>', 'its configuration file (MCPGATE_CONFIG)');
}

/** Runs `work` with a session, and ends the session after it. */
export async function withSession(
  context: CommandContext,
  options: AdminOptions,
  work: (session: AdminSession) => Promise<void>,
): Promise<void> {
  const api = warningOfManaged(connect(context, options), context);
  const json = options.json ?? false;
  const print = (text: string): void => void context.stdout.write(text);
  const printJson = (document: unknown): void => print(`${JSON.stringify(document, null, 2)}\n`);
  const width = columnsOf(context.stdout);
  try {
    await work({
      api,
      json,
      context,
      inside: insideOf(options),
      list(items, head, row, empty, below = [], least = [], wraps) {
        if (json) printJson(items);
        else if (items.length === 0) print(`${empty}\n`);
        else {
          // A column of its own only where something is managed.
          const managers = items.map(managerIn);
          const isManaged = managers.some((each) => each !== undefined);
          const rows = items.map((_item, index) => [...row(index), ...(isManaged ? [managers[index] ?? ''] : [])]);
          const columns = isManaged ? [...head, 'MANAGED BY'] : head;
          const table = formatTable(columns, rows, width, [...least, 'MANAGED BY'], wraps);
          print(table + below.map((line) => `${plainLine(line)}\n`).join(''));
        }
      },
      show(document, text) {
        if (json) printJson(document);
        else print(text.endsWith('\n') || text === '' ? text : `${text}\n`);
      },
      receipt(receipt, done) {
        if (json) printJson(receipt);
        else print(`${done}: ${receiptText(receipt)}\n`);
      },
    });
  } finally {
    await api.close();
  }
}

/** Whoever changes by hand what a configuration manages is told that its next `apply` reverts it. */
function warningOfManaged(api: AdminClient, { stderr }: Pick<CommandContext, 'stderr'>): AdminClient {
  // What is looked at before it is done says so already.
  const told = new Set<string>();
  return {
    ...api,
    async call(endpoint, input) {
      const answer = await api.call(endpoint, input);
      const managedBy = endpoint.method === 'GET' ? undefined : managerIn(answer);
      if (managedBy !== undefined && !told.has(managedBy) && !endpoint.path.startsWith('/config')) {
        told.add(managedBy);
        stderr.write(
          `warning: it is managed by ${plainLine(managedBy)}: the next \`config apply\` reverts this; change it there, too\n`,
        );
      }
      return answer;
    },
  };
}

/** Of a thing, or of the server that was renamed. */
function managerIn(answer: unknown): string | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const own: unknown = Reflect.get(answer, 'managed_by');
  const dryRun: unknown = Reflect.get(answer, 'dry_run');
  if (dryRun === true) return undefined;
  return typeof own === 'string' ? own : managerIn(Reflect.get(answer, 'server'));
}

/** The same; ends with that exit code where it has not come to what was wanted. */
export async function withVerdict(
  command: Command,
  context: CommandContext,
  options: AdminOptions,
  isFailed: (session: AdminSession) => Promise<boolean>,
  exitCode = 1,
): Promise<void> {
  let failed = false;
  await withSession(context, options, async (session) => {
    failed = await isFailed(session);
  });
  if (failed) command.error('', { exitCode });
}

/** The flags that choose broker and workspace, quoted for a shell. */
function insideOf({ workspace, data, config, url }: AdminOptions): string {
  const where = Object.entries({ data, config, url }).flatMap(([flag, value]) =>
    value === undefined ? [] : [` --${flag} ${shellWord(value)}`],
  );
  return [workspace === undefined ? '' : inWorkspace(workspace), ...where].join('');
}

function connect(context: CommandContext, options: AdminOptions): AdminClient {
  const { workspace } = options;
  if (workspace !== undefined && !WorkspaceNameSchema.safeParse(workspace).success)
    throw new GateError('usage', `--workspace: "${workspace}" is no name of a workspace (1 to 24 of a-z, 0-9 and -)`);
  if (options.url !== undefined) {
    const token = context.env['MCPGATE_ADMIN_TOKEN'] ?? '';
    if (token === '') throw new GateError('not_logged_in', '--url needs a token: set MCPGATE_ADMIN_TOKEN');
    assertSafe(options.url);
    return createAdminClient({ kind: 'url', url: options.url, token }, workspace);
  }
  const { data, config } = options;
  const flags = { ...(data === undefined ? {} : { data }), ...(config === undefined ? {} : { config }) };
  const { data: dataDir } = loadConfig(flags, { env: context.env, cwd: context.cwd });
  return createAdminClient({ kind: 'socket', dataDir, actor: `host:${context.username}` }, workspace);
}

/** Throws `usage` where the administrator's token would go unencrypted over the network. */
function assertSafe(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol))
    throw new GateError('usage', `--url: "${text}" is not a URL of a broker, such as https://mcp.example.com`);
  if (url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[(.*)\]$/, '$1')))
    throw new GateError(
      'usage',
      `--url: ${url.origin} is not encrypted; use https:// (plain http is only for this machine's own broker)`,
    );
}

function receiptText(receipt: Receipt): string {
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`;
  return (
    `${count(receipt.links_closed, 'link')} closed, ${count(receipt.calls_cancelled, 'call')} cancelled, ` +
    `${count(receipt.tokens_revoked, 'token')} revoked, ` +
    (receipt.accounts_revoked === 0 ? '' : `${count(receipt.accounts_revoked, 'account')} at servers ended, `) +
    `in ${Math.round(receipt.ms)} ms` +
    receipt.last_calls
      .map(({ device, tool_name, ts }) => `\n  ${plainLine(`${device}: last ${tool_name ?? 'call'} at ${ts}`)}`)
      .join('') +
    receipt.unconfirmed
      .map((location) => `\nwarning: not confirmed in time by ${location}; live links may remain there`)
      .join('') +
    receipt.accounts_left.map((text) => `\nwarning: account at ${plainLine(text)}`).join('') +
    receipt.still_active
      .map((what) => `\nwarning: ${what} was issued by them and goes on; revoke it, too, if it should not`)
      .join('') +
    receipt.rules_removed.map((id) => `\nrule ${id} is removed: it named nobody else`).join('') +
    receipt.rules_narrowed.map((id) => `\nrule ${id} holds on for the others whom it names`).join('')
  );
}

// `mcpgate connect [SERVER]`: the person's own account at a server, by OAuth in the browser or of keys that are typed here.
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { CliContext } from '../../context.ts';
import { createPrompter, type Prompter } from '../../laptop/prompter.ts';
import type { McpSession } from '../tools/mcp-session.ts';
import { onePlainLine } from '../one-plain-line.ts';
import { accountAt, ownAccounts, STATE_WORDS, type AccountKey, type OwnAccount } from './own-accounts.ts';
import { withSession } from '../tools/with-session.ts';

interface ConnectFlags {
  browser: boolean;
  withKeys?: true;
  json?: true;
}

export function addConnect(program: Command, context: CliContext): void {
  program
    .command('connect')
    .description('connect your own account at a server: in the browser, or with its keys')
    .argument('[SERVER]', 'which one; without it you see them all, and are asked at a terminal')
    .option('--no-browser', 'only print the address of the page')
    .option('--with-keys', 'read the keys as one JSON object from stdin instead of asking for them')
    .option(
      '--json',
      'print one JSON object a line: {"event":"page",…}, {"event":"connected",…}; without SERVER the list',
    )
    .addHelpText(
      'after',
      `
Examples:
  $ mcpgate connect
  $ mcpgate connect github
  $ echo '{"TOKEN":"'"$TOKEN"'","EMAIL":"ada@example.com"}' | mcpgate connect jira --with-keys`,
    )
    .action((server: string | undefined, flags: ConnectFlags) => runConnect(server, flags, context));
}

async function runConnect(server: string | undefined, flags: ConnectFlags, context: CliContext): Promise<void> {
  const { terminal, interrupted } = context;
  if (server === undefined && flags.withKeys === true)
    throw new GateError('usage', 'the keys of which server? mcpgate connect SERVER --with-keys');
  await withSession(context, async (session) => {
    const accounts = await ownAccounts(session, interrupted);
    if (server === undefined && flags.json === true) return terminal.print(JSON.stringify(accounts, null, 2));
    const account = server === undefined ? await choose(accounts, context) : accountAt(accounts, server);
    if (account === undefined) return;
    let entered: Entered | undefined;
    if (account.kind === 'keys') entered = await connectByKeys(session, account, flags, context);
    else if (!(await connectInBrowser(session, account, flags, context))) return context.setExitCode(1);
    if (flags.json === true)
      terminal.print(JSON.stringify({ event: 'connected', server: account.server, kind: account.kind, ...entered }));
    else {
      terminal.note(`${terminal.noteColour.green('✓')} Your account at ${account.server} is connected.`);
      if (entered?.verified === true) terminal.note(`  Verified: ${onePlainLine(entered.detail)}.`);
      else if (entered !== undefined) terminal.note(`  Not verified: ${onePlainLine(entered.detail)}.`);
    }
  });
}

/** The one that the person wants; undefined where there is none to connect, or nobody can be asked. */
async function choose(accounts: readonly OwnAccount[], context: CliContext): Promise<OwnAccount | undefined> {
  const { terminal } = context;
  if (accounts.length === 0) {
    terminal.note('No server that you may use wants an account of your own.');
    return undefined;
  }
  const width = Math.max(...accounts.map(({ server }) => server.length));
  for (const { server, state } of accounts) terminal.print(`${server.padEnd(width)}  ${STATE_WORDS[state]}`);
  if (!context.stdinIsTTY) {
    terminal.note('Connect one with `mcpgate connect SERVER`.');
    return undefined;
  }
  const first = accounts.find(({ state }) => state !== 'connected');
  return await withPrompter(context, async (prompter) => {
    const offered = first === undefined ? '' : ` [${first.server}]`;
    const typed = (await prompter.ask(`Connect which one?${offered} `)).trim();
    const name = typed === '' ? first?.server : typed;
    return name === undefined ? undefined : accountAt(accounts, name);
  });
}

async function connectByKeys(
  session: McpSession,
  { server, keys, target }: OwnAccount,
  flags: ConnectFlags,
  context: CliContext,
): Promise<Entered> {
  const values =
    flags.withKeys === true ? await keysFromStdin(keys, context) : await keysByAsking(server, keys, context);
  const where = target === null ? {} : { target };
  const waiting = await context.terminal.progress(`Trying them at ${server}`);
  try {
    const params = { server, values, ...where };
    const { result } = await session.request(OWN_METHODS.accountsSet, params, { signal: context.interrupted });
    return readEntered(result);
  } finally {
    waiting.stop();
  }
}

/** What the broker found out about the keys when it tried them. */
interface Entered {
  /** Null: it is not known whether the service takes them; `detail` says why. */
  verified: true | null;
  detail: string;
}

function readEntered(result: unknown): Entered {
  const member = (key: string): unknown =>
    typeof result === 'object' && result !== null ? Reflect.get(result, key) : undefined;
  const detail = member('detail');
  return {
    verified: member('verified') === true ? true : null,
    detail: typeof detail === 'string' ? detail : 'the broker is of an earlier version, which does not try them',
  };
}

async function keysFromStdin(keys: readonly AccountKey[], { stdin }: CliContext): Promise<Record<string, string>> {
  const example = JSON.stringify(Object.fromEntries(keys.map(({ name }) => [name, '…'])));
  // The parser's own message would quote what was read.
  const wrong = () => new GateError('usage', `stdin must hold one JSON object with a text for each key: ${example}`);
  let value: unknown;
  try {
    value = JSON.parse(await text(stdin));
  } catch {
    throw wrong();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong();
  const entries = Object.entries(value);
  const isText = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  if (!entries.every(isText)) throw wrong();
  return Object.fromEntries(entries);
}

async function keysByAsking(
  server: string,
  keys: readonly AccountKey[],
  context: CliContext,
): Promise<Record<string, string>> {
  if (!context.stdinIsTTY) {
    const names = keys.map(({ name }) => name).join(', ');
    throw new GateError('usage', `stdin is no terminal: pipe the keys (${names}) as JSON with --with-keys`);
  }
  return await withPrompter(context, async (prompter) => {
    context.terminal.note(`Server ${server} asks for your own keys; they are sealed at the broker for you alone.`);
    const values: Record<string, string> = {};
    for (const { name, label, help, secret } of keys) {
      if (help !== null) context.terminal.note(`  ${onePlainLine(help)}`);
      const question = `${onePlainLine(label)}${secret ? ' (not shown)' : ''}: `;
      let typed = '';
      while (typed === '') typed = (await prompter.ask(question, { hidden: secret })).trim();
      values[name] = typed;
    }
    return values;
  });
}

/** Whether the account is there now. */
async function connectInBrowser(
  session: McpSession,
  { server, state, url }: OwnAccount,
  flags: ConnectFlags,
  context: CliContext,
): Promise<boolean> {
  const { terminal, interrupted } = context;
  if (flags.withKeys === true)
    throw new GateError('usage', `server ${server} takes no keys: its account is connected in the browser`);
  if (state === 'connected') return true;
  const opened = flags.browser && context.browser.available && (await context.browser.open(url));
  if (flags.json === true) terminal.print(JSON.stringify({ event: 'page', server, url }));
  terminal.note(`${opened ? 'In your browser' : 'Open this page'}: ${url}`);
  const waiting = await terminal.progress('Waiting until you have connected it there (Ctrl-C to stop)');
  try {
    const { result } = await session.request(OWN_METHODS.accountsAwait, { server }, { signal: interrupted });
    if (typeof result === 'object' && result !== null && Reflect.get(result, 'state') === 'connected') return true;
  } finally {
    waiting.stop();
  }
  terminal.note(
    `mcpgate: your account at ${server} was not connected in time; run \`mcpgate connect ${server}\` again`,
  );
  return false;
}

export async function withPrompter<T>(
  context: Pick<CliContext, 'stdin' | 'stderr'>,
  run: (prompter: Prompter) => Promise<T>,
): Promise<T> {
  const prompter = createPrompter(context.stdin, context.stderr);
  try {
    return await run(prompter);
  } finally {
    prompter.close();
  }
}

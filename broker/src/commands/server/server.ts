// `server …`: the real MCP servers behind the broker.
import { Command } from 'commander';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { type Server, serversApi } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { runsOf } from 'mcpgate-shared/values/record-outline';
import { shownTextsOf } from '../../domain/transports/transports.ts';
import { AUDIT_ARGUMENTS_HELP, auditArgumentsOf } from './audit-arguments-flag.ts';
import { DEFINITIONS_HELP, definitionPolicyOf } from './definition-flags.ts';
import { accountFlags, accountOf } from './account-flags.ts';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import { askedOption, type AskedOptions, assertRemoval } from '../terminal/confirm.ts';
import { adminOptionsOf, brokerFlags, type BrokerFlags, insideOfServers } from './broker-flags.ts';
import { addCatalogueCommand } from './catalogue.ts';
import { circuitWords } from './circuit-words.ts';
import type { CommandContext } from '../context.ts';
import { importFile, type ImportOptions } from './import-file.ts';
import { isolationFlag } from './isolation-flag.ts';
import { addFromCatalogue, type FromOptions } from './server-from.ts';
import { addProposalCommands } from './proposals.ts';
import { serverAccountCommands } from './account.ts';
import { formerNameLines, serverText, unusedLines } from './server-text.ts';
import { nameFromUrl } from './name-from-url.ts';
import { hasFailed, showSteps, stepsOf } from './server-test.ts';
import { addEditCommand } from './server-edit.ts';
import { addRenameCommand } from './server-rename.ts';
import { addSetCommand } from './server-set.ts';
import {
  IDENTITY_HELP,
  LIMIT_HELP,
  NETWORK_HELP,
  transportOf,
  TRUST_HELP,
  whereOf,
  type TransportOptions,
} from './transport-options.ts';

interface AddOptions extends BrokerFlags, Omit<FromOptions, keyof BrokerFlags>, TransportOptions {
  trustAnnotations?: boolean;
  definitions?: string;
  auditArguments?: string;
}

export function serverCommand(context: CommandContext): Command {
  const command = new Command('server').description('the real MCP servers');
  accountFlags(brokerFlags(command.command('add')))
    .description('add a server: its URL, or -- COMMAND ARGS…')
    .usage('[options] [NAME] URL | NAME -- COMMAND ARGS… | --from ENTRY')
    .argument('[name]')
    .argument('[command...]')
    .option('--url <url>', 'address of a Streamable HTTP server; the same as URL after the name')
    .option('--header <pair...>', 'K=V for --url; secrets as ${secret:NAME}')
    .option('--identity-header <name>', IDENTITY_HELP)
    .option('--env <pair...>', 'K=V for a command; secrets as ${secret:NAME}')
    .option('--cwd <dir>', 'working directory of a command')
    .option('--limit <name=value...>', LIMIT_HELP)
    .option('--network <full|none>', NETWORK_HELP)
    .option('--isolation <mode>', 'shared (unless said); per-user or per-session: a process or connection for each')
    .option('--trust-annotations', TRUST_HELP)
    .option('--definitions <policy>', `${DEFINITIONS_HELP}; default: warn`)
    .option('--audit-arguments <none|masked|full>', `${AUDIT_ARGUMENTS_HELP}; default: none`)
    .option('--from <entry>', 'an entry of `server catalogue`, or registry:NAME of the MCP registry')
    .option('--name <name>', 'with --from: what it is called here; the same as NAME')
    .option('--keys', 'with --from: log in with keys where OAuth is possible, too')
    .option('--field <name=value...>', 'with --from: what the entry needs and is no secret; else you are asked')
    .option('--secret <field=name...>', 'with --from: a secret that the vault has already')
    .option('--dry-run', 'with --from: say what would be added, and change nothing')
    .option('--yes', 'with --from: add a server of the MCP registry without asking')
    .option('--no-test', 'with --from: do not connect to it afterwards')
    .action(
      async (name: string | undefined, words: string[], options: AddOptions) =>
        await withVerdict(command, context, adminOptionsOf(options), (session) =>
          addServer(session, name, words, options),
        ),
    );
  adminOptions(
    command
      .command('import <file>')
      .description('add every server of a client configuration; secrets move into the vault'),
  )
    .option('--isolation <name=mode...>', 'for example memory=per-user')
    .option('--trust-annotations <name...>', TRUST_HELP)
    .option('--dry-run', 'say what would be imported, and change nothing')
    .option('--yes', 'ask nothing: what may be a secret goes into the vault')
    .action(
      async (file: string, options: ImportOptions) =>
        await withSession(context, options, (session) => importFile(session, file, options)),
    );
  addCatalogueCommand(command, context);
  adminOptions(command.command('list').description('all servers')).action(
    async (options: AdminOptions) => await withSession(context, options, listServers),
  );
  adminOptions(command.command('show <name>').description('one server, with its state')).action(
    async (name: string, options: AdminOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        const server = await api.call(serversApi.show, { params: { name } });
        show(server, serverText(server));
      }),
  );
  addSetCommand(command, context);
  addEditCommand(command, context);
  addRenameCommand(command, context);
  adminOptions(
    command.command('test <name>').description('connect anew, list its tools and call its probe, step by step'),
  ).action(
    async (name: string, options: AdminOptions) =>
      await withVerdict(command, context, options, async (session) => {
        const steps = await stepsOf(session, name);
        showSteps(session, steps);
        return hasFailed(steps);
      }),
  );
  addProposalCommands(command, context);
  serverAccountCommands(command, context);
  const simple = (verb: 'enable' | 'disable', description: string, done: string): void => {
    adminOptions(command.command(`${verb} <name>`).description(description)).action(
      async (name: string, options: AdminOptions) =>
        await withSession(context, options, async (session) => {
          const server = await session.api.call(serversApi[verb], { params: { name } });
          const missing = verb === 'enable' ? await missingSecrets(session, server) : [];
          session.show(server, [`${name} ${done}`, ...missing].join('\n'));
        }),
    );
  };
  simple('enable', 'offer a server again', 'is enabled');
  simple('disable', 'stop offering a server', 'is disabled; its record and secrets stay');
  askedOption(adminOptions(command.command('remove <name>').description('remove a server; its secrets stay'))).action(
    async (name: string, options: AskedOptions) =>
      await withSession(context, options, async ({ api, show, inside }) => {
        await assertRemoval(context, options, `the server ${name}, and the accounts that people have there`);
        const removed = await api.call(serversApi.remove, { params: { name } });
        const count = (accounts: number) => `${accounts} ${accounts === 1 ? 'account' : 'accounts'}`;
        const revoked = removed.accounts_revoked;
        const lines = [
          `${name} is removed${revoked === 0 ? '' : `, and ${count(revoked)} ended at the provider`}`,
          ...removed.accounts_left.map(({ accounts, why }) => `  ! ${count(accounts)}: ${plainLine(why)}`),
        ];
        show(removed, [...lines, ...unusedLines(removed.secrets_unused, inside)].join('\n'));
      }),
  );
  return command;
}

/** Whether it was added, and its test failed. */
async function addServer(
  session: AdminSession,
  first: string | undefined,
  words: readonly string[],
  options: AddOptions,
): Promise<boolean> {
  const { api, show, inside } = session;
  const { from } = options;
  if (from !== undefined) {
    const other = givenOf(OF_RECORDS, options);
    if (other !== undefined || words.length > 0)
      throw new GateError(
        'usage',
        `--from says where the server is: ${other ?? 'an address or a command'} does not go with it`,
      );
    return await addFromCatalogue(session, { ...options, from, name: options.name ?? first });
  }
  const flag = givenOf(OF_ENTRIES, options);
  if (flag !== undefined) throw new GateError('usage', `${flag} goes with --from`);
  const alone = aloneIn(first, words, options.url);
  const name = alone === undefined ? first : nameFromUrl(alone);
  if (name === undefined)
    throw new GateError(
      'usage',
      alone === undefined
        ? 'say its name and where it is: `server add NAME https://HOST/mcp`, or take one of `server catalogue`: `server add --from ENTRY`'
        : `say what it is to be called: \`server add NAME ${repeatable(alone)}\``,
    );
  const where = whereOf(name, alone === undefined ? words : [], alone ?? options.url);
  const isolation = isolationFlag(options.isolation ?? 'shared');
  const transport = transportOf(where, options);
  const trusts = options.trustAnnotations === true;
  const definitions = options.definitions === undefined ? {} : { definitions: definitionPolicyOf(options.definitions) };
  const kept =
    options.auditArguments === undefined ? {} : { audit_arguments: auditArgumentsOf(options.auditArguments) };
  const body = {
    name,
    isolation,
    trust_annotations: trusts,
    ...definitions,
    ...kept,
    ...accountOf(options),
    transport,
  };
  const server = await api.call(serversApi.add, { body });
  const named =
    alone === undefined ? '' : `, named after its host; \`server rename ${name} NEW\` gives it another name`;
  const lines = [`added ${server.name}${named}`, ...formerNameLines(server.name, server.former_name_of)];
  const people = server.credential === 'personal' ? [personalNext(server.name)] : [];
  // Without its account there is nothing that a test could try.
  const verb = server.credential === 'shared' && server.account !== null ? 'connect' : 'test';
  show(server, [...lines, `next: mcpgate-broker server ${verb} ${server.name}${inside}`, ...people].join('\n'));
  return false;
}

/** What people do next at a server that each uses with an account of their own. */
const personalNext = (name: string): string =>
  `then each person connects their own account: at their first call, or with \`mcpgate connect ${name}\``;

/** Warnings about secrets that the record refers to and the vault does not have. */
async function missingSecrets({ api, inside }: AdminSession, server: Server): Promise<string[]> {
  const wanted = server.secrets;
  if (wanted.length === 0) return [];
  const there = new Set((await api.call(secretsApi.list, {})).map(({ name }) => name));
  return wanted
    .filter((name) => !there.has(name))
    .map(
      (name) => `  ! the secret ${name} has no value yet, and calls fail: mcpgate-broker secret set ${name}${inside}`,
    );
}

/** The address, where nothing else was said of the server. */
function aloneIn(first: string | undefined, words: readonly string[], flag: string | undefined): string | undefined {
  if (words.length > 0) return undefined;
  if (first === undefined) return flag;
  return flag === undefined && /^https?:\/\//i.test(first) ? first : undefined;
}

/** What a message may say of a URL that was typed: in its user and parameters there may be a secret. */
function repeatable(url: string): string {
  if (!URL.canParse(url)) return 'https://HOST/mcp';
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** Flags that say what an entry of the catalogue says. */
const OF_RECORDS = {
  url: '--url',
  header: '--header',
  identityHeader: '--identity-header',
  env: '--env',
  cwd: '--cwd',
  limit: '--limit',
  network: '--network',
  key: '--key',
  openKey: '--open-key',
} as const;
/** Flags that are about an entry. */
const OF_ENTRIES = {
  name: '--name',
  keys: '--keys',
  field: '--field',
  secret: '--secret',
  dryRun: '--dry-run',
  yes: '--yes',
} as const;

/** The first of these flags that was given. */
function givenOf(flags: Readonly<Record<string, string>>, options: AddOptions): string | undefined {
  const given = new Map<string, unknown>(Object.entries(options));
  return Object.entries(flags).find(([option]) => given.get(option) !== undefined)?.[1];
}

async function listServers({ api, list, context, inside }: AdminSession): Promise<void> {
  const servers = await api.call(serversApi.list, {});
  const row = (index: number): string[] => {
    const server = servers[index];
    if (server === undefined) return [];
    const state = [
      // It has failed, and is being tried once more.
      server.state === 'starting' && server.error !== null ? 'starting again' : server.state,
      ...circuitWords(server, context.now()),
      ...(server.unisolated ? ['unisolated'] : []),
    ].join(', ');
    return [
      server.name,
      state,
      server.tools === null ? '-' : String(server.tools),
      server.processes === 0 ? server.isolation : `${server.isolation}, ${server.processes} live`,
      runsOf(shownTextsOf(server)),
    ];
  };
  list(
    servers,
    ['NAME', 'STATE', 'TOOLS', 'ISOLATION', 'RUNS'],
    row,
    // Of `server add`, `--url` is the server's.
    `no servers yet; add one with \`mcpgate-broker server add${insideOfServers(inside)}\` or \`server import${inside}\``,
    // Why something does not work is the longest text of all, and the one that must be read to its end.
    servers.flatMap(({ name, error }) => (error === null ? [] : [`!  ${name}: ${error}`])),
    ['ISOLATION'],
    'RUNS',
  );
}

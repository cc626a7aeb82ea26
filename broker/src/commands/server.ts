// `server …`: the real MCP servers behind the broker.
import { Command } from 'commander';
import { serversApi } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { accountFlags, accountOf, type AccountFlags } from './server/account-flags.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './admin-session.ts';
import { addCatalogueCommand } from './catalogue.ts';
import { circuitWords } from './circuit-words.ts';
import type { CommandContext } from './context.ts';
import { importFile, type ImportOptions } from './import-file.ts';
import { isolationOf } from './isolation-of.ts';
import { addFromCatalogue, type FromOptions } from './server-from.ts';
import { addProposalCommands } from './server/proposals.ts';
import { serverAccountCommands } from './server/account.ts';
import { probeOf, type ProbeFlags } from './probe-flags.ts';
import { serverText, targetOf } from './server-text.ts';
import { hasFailed, showSteps, stepsOf } from './server-test.ts';
import { limitsOf, networkOf, transportOf, whereOf, type TransportOptions } from './transport-options.ts';

interface AddOptions extends FromOptions, TransportOptions {
  /** Of the server to add; `--url` of other commands is the broker's. */
  url?: string;
  broker?: string;
  trustAnnotations?: boolean;
}

interface SetOptions extends AdminOptions, AccountFlags, ProbeFlags {
  limit?: string[];
  network?: string;
  isolation?: string;
  trustAnnotations?: string;
}

const TRUST =
  'believe its tools that they are read-only or idempotent: such a call is sent again where its connection died';

const PROBE = 'a tool that changes nothing and needs the credential: its answer tells whether that is taken';

const LIMIT =
  'what a command may use up: memory=512MiB, open_files=N, processes=N, cpu_seconds=N; none: as much as there is';

const NETWORK = 'what a command can reach: all that its host can, or nothing, which a sandbox keeps';

export function serverCommand(context: CommandContext): Command {
  const command = new Command('server').description('the real MCP servers');
  accountFlags(command.command('add'))
    .description('add a server: its URL, or -- COMMAND ARGS…')
    .usage('[options] NAME URL | NAME -- COMMAND ARGS… | --from ENTRY')
    .argument('[name]')
    .argument('[command...]')
    .option('--json', 'print one JSON document')
    .option('--workspace <name>', 'the workspace to work in; your own unless said')
    .option('--data <dir>', 'data folder of the running broker')
    .option('--config <file>', 'its configuration file (MCPGATE_CONFIG)')
    .option('--broker <url>', 'speak to this broker over the network (other commands: --url)')
    .option('--url <url>', 'address of a Streamable HTTP server; the same as URL after the name')
    .option('--header <pair...>', 'K=V for --url; secrets as ${secret:NAME}')
    .option('--env <pair...>', 'K=V for a command; secrets as ${secret:NAME}')
    .option('--cwd <dir>', 'working directory of a command')
    .option('--limit <name=value...>', LIMIT)
    .option('--network <full|none>', NETWORK)
    .option('--isolation <mode>', 'shared (unless said); per-user or per-session: a process or connection for each')
    .option('--trust-annotations', TRUST)
    .option('--from <entry>', 'an entry of `server catalogue`, or registry:NAME of the MCP registry')
    .option('--name <name>', 'with --from: what it is called here; the same as NAME')
    .option('--keys', 'with --from: log in with keys where OAuth is possible, too')
    .option('--field <name=value...>', 'with --from: what the entry needs and is no secret; else you are asked')
    .option('--secret <field=name...>', 'with --from: a secret that the vault has already')
    .option('--dry-run', 'with --from: say what would be added, and change nothing')
    .option('--yes', 'with --from: run a command of the MCP registry without asking')
    .option('--no-test', 'with --from: do not connect to it afterwards')
    .action(async (name: string | undefined, words: string[], options: AddOptions) => {
      const { url: _url, broker, ...rest } = options;
      let failed = false;
      await withSession(context, broker === undefined ? rest : { ...rest, url: broker }, async (session) => {
        failed = await addServer(session, name, words, options);
      });
      if (failed) command.error('', { exitCode: 1 });
    });
  adminOptions(
    command
      .command('import <file>')
      .description('add every server of a client configuration; secrets move into the vault'),
  )
    .option('--isolation <name=mode...>', 'for example memory=per-user')
    .option('--trust-annotations <name...>', TRUST)
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
  accountFlags(adminOptions(command.command('set <name>').description('change a setting of a server')))
    .option('--isolation <mode>', 'shared, per-user or per-session; present connections end once their calls are done')
    .option('--trust-annotations <on|off>', TRUST)
    .option('--limit <name=value...>', `${LIMIT}; default: the broker’s`)
    .option('--network <full|none>', NETWORK)
    .option('--probe <tool>', PROBE)
    .option('--probe-args <json>', 'with --probe: the arguments of its call, as a JSON object')
    .option('--no-probe', 'name none')
    .action(
      async (name: string, options: SetOptions) =>
        await withSession(context, options, (session) => setServer(session, name, options)),
    );
  adminOptions(
    command.command('test <name>').description('connect anew, list its tools and call its probe, step by step'),
  ).action(async (name: string, options: AdminOptions) => {
    let failed = false;
    await withSession(context, options, async (session) => {
      const steps = await stepsOf(session, name);
      showSteps(session, steps);
      failed = hasFailed(steps);
    });
    if (failed) command.error('', { exitCode: 1 });
  });
  addProposalCommands(command, context);
  serverAccountCommands(command, context);
  const simple = (verb: 'enable' | 'disable' | 'remove', description: string, done: string): void => {
    adminOptions(command.command(`${verb} <name>`).description(description)).action(
      async (name: string, options: AdminOptions) =>
        await withSession(context, options, async ({ api, show }) => {
          show(await api.call(serversApi[verb], { params: { name } }), `${name} ${done}`);
        }),
    );
  };
  simple('enable', 'offer a server again', 'is enabled');
  simple('disable', 'stop offering a server', 'is disabled; its record and secrets stay');
  simple(
    'remove',
    'remove a server',
    'is removed; its secrets stay in the vault: `secret list` shows them, `secret remove NAME` ends them',
  );
  return command;
}

/** Whether it was added, and its test failed. */
async function addServer(
  session: AdminSession,
  name: string | undefined,
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
    return await addFromCatalogue(session, { ...options, from, name: options.name ?? name });
  }
  const alone = givenOf(OF_ENTRIES, options);
  if (alone !== undefined) throw new GateError('usage', `${alone} goes with --from`);
  if (name === undefined)
    throw new GateError(
      'usage',
      'say its name and where it is: `server add NAME https://HOST/mcp`, or take one of `server catalogue`: `server add --from ENTRY`',
    );
  const where = whereOf(name, words, options.url);
  const isolation = isolationOf('--isolation', options.isolation ?? 'shared');
  const transport = transportOf(where, options);
  const trusts = options.trustAnnotations === true;
  const body = { name, isolation, trust_annotations: trusts, ...accountOf(options), transport };
  const server = await api.call(serversApi.add, { body });
  show(server, `added ${server.name}\nnext: mcpgate-broker server test ${server.name}${inside}`);
  return false;
}

/** Flags that say what an entry of the catalogue says. */
const OF_RECORDS = {
  url: '--url',
  header: '--header',
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

async function setServer({ api, show }: AdminSession, name: string, options: SetOptions): Promise<void> {
  const { trustAnnotations, isolation, limit, network } = options;
  const account = accountOf(options);
  const probe = probeOf(options);
  const said = [trustAnnotations, isolation, limit, network, probe, ...Object.values(account)];
  if (said.every((each) => each === undefined))
    throw new GateError(
      'usage',
      'say what to set: --credential shared|personal, --isolation MODE, --trust-annotations on|off, --network full|none, --probe TOOL or --limit NAME=VALUE',
    );
  if (trustAnnotations !== undefined && trustAnnotations !== 'on' && trustAnnotations !== 'off')
    throw new GateError('usage', `--trust-annotations: "${trustAnnotations}" is neither on nor off`);
  const body = {
    ...account,
    ...(trustAnnotations === undefined ? {} : { trust_annotations: trustAnnotations === 'on' }),
    ...(isolation === undefined ? {} : { isolation: isolationOf('--isolation', isolation) }),
    ...(limit === undefined ? {} : { limits: limitsOf(limit) }),
    ...(network === undefined ? {} : { network: networkOf(network) }),
    ...(probe === undefined ? {} : { probe }),
  };
  const server = await api.call(serversApi.update, { params: { name }, body });
  show(server, serverText(server));
}

async function listServers({ api, list, context, inside }: AdminSession): Promise<void> {
  const servers = await api.call(serversApi.list, {});
  const row = (index: number): string[] => {
    const server = servers[index];
    if (server === undefined) return [];
    const state = [
      server.state,
      ...circuitWords(server, context.now()),
      ...(server.unisolated ? ['unisolated'] : []),
    ].join(', ');
    return [
      server.name,
      state,
      server.tools === null ? '-' : String(server.tools),
      server.processes === 0 ? server.isolation : `${server.isolation}, ${server.processes} live`,
      targetOf(server),
      server.error ?? '',
    ];
  };
  list(
    servers,
    ['NAME', 'STATE', 'TOOLS', 'ISOLATION', 'RUNS', 'ERROR'],
    row,
    // Of `server add`, `--url` is the server's.
    `no servers yet; add one with \`mcpgate-broker server add${inside.replace(/ --url (?=\S+$)/, ' --broker ')}\` or \`server import${inside}\``,
  );
}

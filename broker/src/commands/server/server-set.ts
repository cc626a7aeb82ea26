// `server set NAME`: changes what is named of a server in place; what is not named stays.
import { type Command, Option } from 'commander';
import { type ChangedServer, serversApi } from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import { accountFlags, accountOf, type AccountFlags } from './account-flags.ts';
import { withSession, type AdminSession } from '../session/admin-session.ts';
import { adminOptionsOf, brokerFlags, type BrokerFlags } from './broker-flags.ts';
import type { CommandContext } from '../context.ts';
import { isolationFlag } from './isolation-flag.ts';
import { probeOf, type ProbeFlags } from './probe-flags.ts';
import { AUDIT_ARGUMENTS_HELP, auditArgumentsOf } from './audit-arguments-flag.ts';
import { DEFINITIONS_HELP, definitionPolicyOf } from './definition-flags.ts';
import { serverText, unusedLines } from './server-text.ts';
import {
  addressOrCommand,
  IDENTITY_HELP,
  limitsOf,
  LIMIT_HELP,
  NETWORK_HELP,
  networkOf,
  TRUST_HELP,
} from './transport-options.ts';
import { commaList, pairs } from '../values.ts';

interface SetOptions extends BrokerFlags, AccountFlags, ProbeFlags {
  header?: string[];
  noHeader?: string[];
  identityHeader?: string;
  noIdentityHeader?: true;
  env?: string[];
  noEnv?: string[];
  command?: string;
  arg?: string[];
  cwd?: string;
  noCwd?: true;
  limit?: string[];
  network?: string;
  isolation?: string;
  trustAnnotations?: string;
  definitions?: string;
  auditArguments?: string;
  read?: string[];
  write?: string[];
  noRead?: true;
  noWrite?: true;
  noAccount?: true;
  dryRun?: boolean;
}

export function addSetCommand(server: Command, context: CommandContext): void {
  const command = accountFlags(brokerFlags(server.command('set')))
    .description('change settings of a server in place; what is not named stays')
    .usage('NAME [options] | NAME URL [options] | [options] NAME -- COMMAND ARGS…')
    .argument('<name>')
    .argument('[where...]')
    .option('--url <url>', 'its address; a command is at this URL from now on')
    .option('--header <pair...>', 'K=V; secrets as ${secret:NAME}')
    .option('--identity-header <name>', IDENTITY_HELP)
    .option('--env <pair...>', 'K=V; secrets as ${secret:NAME}')
    .option('--command <program>', 'what is started; a server at a URL is this command from now on')
    .option(
      '--arg <text>',
      'an argument of the command, once for each; they take the place of all arguments',
      collected,
    )
    .option('--cwd <dir>', 'working directory of a command')
    .option('--limit <name=value...>', `${LIMIT_HELP}; default: the broker’s`)
    .option('--network <full|none>', NETWORK_HELP)
    .option('--isolation <mode>', 'shared, per-user or per-session; present connections end once their calls are done')
    .option('--trust-annotations <on|off>', TRUST_HELP)
    .option('--definitions <policy>', DEFINITIONS_HELP)
    .option('--audit-arguments <none|masked|full>', AUDIT_ARGUMENTS_HELP)
    .option(
      '--read <tool...>',
      'rules take these of its tools for ones that only read, whatever it says of them itself',
    )
    .option('--write <tool...>', 'rules take these for ones that may write')
    .option(
      '--probe <tool>',
      'a tool that changes nothing and needs the credential: its answer tells whether that is taken',
    )
    .option('--probe-args <json>', 'with --probe: the arguments of its call, as a JSON object')
    .option('--dry-run', 'say what would be changed, and change nothing');
  removalOption(command, '--no-header <name...>', 'take headers out');
  removalOption(command, '--no-identity-header', 'do not tell it who asks');
  removalOption(command, '--no-env <name...>', 'take variables out');
  removalOption(command, '--no-cwd', 'start it in the home that the broker makes');
  removalOption(command, '--no-read', 'name none that only read');
  removalOption(command, '--no-write', 'name none that may write');
  removalOption(command, '--no-probe', 'name none');
  removalOption(command, '--no-account', 'all that it needs is in the vault');
  command.action(async (name: string, words: string[], options: SetOptions) => {
    await withSession(context, adminOptionsOf(options), (session) => setServer(session, name, words, options));
  });
}

const collected = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];

async function setServer(
  { api, show, inside }: AdminSession,
  name: string,
  words: readonly string[],
  options: SetOptions,
): Promise<void> {
  refuseOpposites(options);
  const changes = { ...whereOf(name, words, options), ...valuesOf(options), ...settingsOf(options) };
  if (Object.keys(changes).length === 0)
    throw new GateError(
      'usage',
      'say what to set: --url, --header K=V, --no-header K, --identity-header NAME, --command, --arg, --env K=V, --no-env K, --cwd, --credential shared|personal, ' +
        '--isolation MODE, --trust-annotations on|off, --definitions hold|warn|accept, --audit-arguments none|masked|full, --read TOOL, --write TOOL, --network full|none, --probe TOOL or --limit NAME=VALUE; `server edit` shows all of it',
    );
  const body = { ...changes, ...(options.dryRun === true ? { dry_run: true } : {}) };
  const server = await api.call(serversApi.update, { params: { name }, body });
  show(server, [...changeLines(server, inside), serverText(server)].join('\n'));
}

/** How it is reached from now on, as far as that is said. */
function whereOf(name: string, words: readonly string[], { url, command, arg }: SetOptions) {
  const where = addressOrCommand(`server set ${name}`, words, url);
  if (words.length > 0 && (command !== undefined || arg !== undefined))
    throw new GateError('usage', 'a command stands behind two dashes, or in --command and --arg, not both');
  const { kind: _kind, ...said } = where ?? {};
  return {
    ...said,
    ...(command === undefined ? {} : { command }),
    ...(arg === undefined ? {} : { args: arg }),
  };
}

function valuesOf(options: SetOptions) {
  const { header, noHeader, identityHeader, noIdentityHeader, env, noEnv, cwd, noCwd } = options;
  const headers = inOneWay('--header', removed(noHeader), pairs('--header', header, /=|:\s*/));
  const variables = inOneWay('--env', removed(noEnv), pairs('--env', env, /=/));
  return {
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(identityHeader === undefined ? {} : { identity_header: identityHeader }),
    ...(noIdentityHeader === true ? { identity_header: null } : {}),
    ...(Object.keys(variables).length === 0 ? {} : { env: variables }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(noCwd === true ? { cwd: null } : {}),
  };
}

/** Flags of which one takes back what the other says. Throws `usage` where both are given: which of them is meant is not known. */
function refuseOpposites(options: SetOptions): void {
  const { identityHeader, noIdentityHeader, cwd, noCwd, read, noRead, write, noWrite, probe, probeArgs } = options;
  const { oauth, key, openKey, noAccount, noProbe } = options;
  const pairsOfFlags: [string, unknown, string, unknown][] = [
    ['--identity-header', identityHeader, '--no-identity-header', noIdentityHeader],
    ['--cwd', cwd, '--no-cwd', noCwd],
    ['--read', read, '--no-read', noRead],
    ['--write', write, '--no-write', noWrite],
    ['--probe', probe, '--no-probe', noProbe],
    ['--probe-args', probeArgs, '--no-probe', noProbe],
    ['--oauth', oauth, '--no-account', noAccount],
    ['--key', key, '--no-account', noAccount],
    ['--open-key', openKey, '--no-account', noAccount],
  ];
  for (const [flag, said, opposite, unsaid] of pairsOfFlags)
    if (said !== undefined && unsaid !== undefined)
      throw new GateError('usage', `${flag} and ${opposite}: say one of them`);
}

/** What is taken out and what is set. Throws `usage` where a name is both; letter case makes no other header. */
function inOneWay(
  flag: '--header' | '--env',
  out: Readonly<Record<string, null>>,
  set: Readonly<Record<string, string>>,
): Record<string, string | null> {
  const known = (name: string): string => (flag === '--header' ? name.toLowerCase() : name);
  const both = Object.keys(set).find((name) => Object.keys(out).some((each) => known(each) === known(name)));
  if (both !== undefined)
    throw new GateError('usage', `${flag} ${both} and ${flag.replace('--', '--no-')} ${both}: say one of them`);
  return { ...out, ...set };
}

const removed = (names: readonly string[] | undefined): Record<string, null> =>
  Object.fromEntries(commaList(names).map((name) => [name, null]));

function settingsOf(options: SetOptions) {
  const { trustAnnotations, isolation, limit, network, noAccount, definitions, auditArguments } = options;
  const read = options.noRead === true ? [] : options.read;
  const write = options.noWrite === true ? [] : options.write;
  const probe = probeOf(options);
  if (trustAnnotations !== undefined && trustAnnotations !== 'on' && trustAnnotations !== 'off')
    throw new GateError('usage', `--trust-annotations: "${trustAnnotations}" is neither on nor off`);
  return {
    ...accountOf(options),
    ...(noAccount === true ? { account: null } : {}),
    ...(trustAnnotations === undefined ? {} : { trust_annotations: trustAnnotations === 'on' }),
    ...(definitions === undefined ? {} : { definitions: definitionPolicyOf(definitions) }),
    ...(auditArguments === undefined ? {} : { audit_arguments: auditArgumentsOf(auditArguments) }),
    ...(read === undefined && write === undefined
      ? {}
      : { tool_classes: { ...(read && { read }), ...(write && { write }) } }),
    ...(isolation === undefined ? {} : { isolation: isolationFlag(isolation) }),
    ...(limit === undefined ? {} : { limits: limitsOf(limit) }),
    ...(network === undefined ? {} : { network: networkOf(network) }),
    ...(probe === undefined ? {} : { probe }),
  };
}

/** What a change has done, and what is left to do. */
export function changeLines(server: ChangedServer, inside: string): string[] {
  const { name, changes, secrets_unused: unused, accounts_left: accounts, dry_run: isDryRun } = server;
  if (changes.length === 0) return [`${name} is so already; nothing was changed`];
  const people = accounts === 1 ? '1 account does' : `${accounts} accounts do`;
  return [
    `${isDryRun ? 'would change' : 'changed'} ${name}`,
    ...changes.map(({ field, before, after }) => `  ${field}: ${shown(before)} → ${shown(after)}`),
    ...(accounts === 0 ? [] : [`  ! ${people} not go along: whoever has one connects again`]),
    ...unusedLines(unused, inside),
    ...(server.probe_warning === null ? [] : [`  ! probe: ${plainLine(server.probe_warning)}`]),
  ];
}

const shown = (text: string | null): string => (text === null ? 'none' : plainLine(text) || '(empty)');

/** A flag that begins with `--no-` and takes names: `--no-env A B`. For commander such a flag turns another one off. */
class RemovalOption extends Option {
  constructor(flags: string, description: string) {
    super(flags, description);
    this.negate = false;
  }
}

/** Its value stands under `noNAME`. */
function removalOption(command: Command, flags: string, description: string): Command {
  return command.addOption(new RemovalOption(flags, description));
}

// `mcpgate use [NAME]`: lists the profiles of this laptop, and chooses the one that commands without `--profile` are of.
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { padded } from 'mcpgate-shared/text-width';
import { storedLogin } from '../auth/stored-login.ts';
import type { CliContext } from '../context.ts';
import { chooseProfile, type ListedProfile, listProfiles, removeProfile } from '../laptop/profiles.ts';
import { stopDaemon } from './daemon.ts';

interface UseFlags {
  remove?: string;
  names?: true;
  json?: true;
}

export function addUse(program: Command, context: CliContext): void {
  program
    .command('use')
    .description('several brokers or workspaces on one laptop: list the profiles, or choose one')
    .argument(
      '[NAME]',
      'the profile that commands without --profile are of from now on; `default` is the one without a name',
    )
    .option('--remove <name>', 'forget a profile in which nobody is logged in')
    .option('--names', 'print the names alone, one a line')
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      `
A profile is one login, with a folder and a daemon of its own. Its first login makes it:

Examples:
  $ mcpgate login https://mcp.other.example --profile other
  $ mcpgate status --profile other
  $ mcpgate use other
  $ mcpgate use default`,
    )
    .action((name: string | undefined, flags: UseFlags) => runUse(name, flags, context));
}

async function runUse(name: string | undefined, flags: UseFlags, context: CliContext): Promise<void> {
  const { terminal, configDir } = context;
  const lists = flags.names === true || flags.json === true;
  if (name !== undefined && (flags.remove !== undefined || lists))
    throw new GateError('usage', 'a name is given to choose that profile: no flag goes with it');
  if (flags.remove !== undefined) return await remove(flags.remove, context);
  if (name === undefined) return list(flags, context);
  chooseProfile(configDir, name);
  const mark = terminal.noteColour.green('✓');
  terminal.note(`${mark} Commands without --profile are of ${name} now: ${wordsOf(listed(name, configDir))}.`);
  terminal.note('  AI clients whose entry names no profile follow when they start mcpgate again.');
  warnOfEnvironment(name, context);
}

function list({ names, json }: UseFlags, context: CliContext): void {
  const { terminal, configDir } = context;
  const profiles = listProfiles(configDir);
  if (json === true) return terminal.print(JSON.stringify(profiles.map(documentOf), null, 2));
  if (names === true) return terminal.print(profiles.map(({ name }) => name).join('\n'));
  const width = Math.max(...profiles.map(({ name }) => name.length));
  const { bold, green } = terminal.colour;
  for (const profile of profiles) {
    const mark = profile.isChosen ? green('*') : ' ';
    terminal.print(`${mark} ${bold(padded(profile.name, width))}  ${wordsOf(profile)}`);
  }
  warnOfEnvironment(profiles.find(({ isChosen }) => isChosen)?.name, context);
}

async function remove(name: string, context: CliContext): Promise<void> {
  const { configDir, terminal } = context;
  const profile = listProfiles(configDir).find((each) => each.name === name);
  // Its daemon writes into its folder.
  if (profile !== undefined && storedLogin(profile.settings) === undefined) {
    context.selectProfile(name);
    await stopDaemon(context);
  }
  removeProfile(configDir, name);
  terminal.note(`${terminal.noteColour.green('✓')} The profile ${name} is gone.`);
}

function listed(name: string, configDir: string): ListedProfile {
  return listProfiles(configDir).find((each) => each.name === name) ?? { name, isChosen: true, settings: {} };
}

function documentOf({ name, isChosen, settings, error }: ListedProfile): Record<string, unknown> {
  const login = storedLogin(settings);
  return {
    name,
    chosen: isChosen,
    broker: settings.broker ?? null,
    workspace: login?.address.workspace ?? null,
    user: login?.user ?? null,
    logged_in: login !== undefined,
    error: error ?? null,
  };
}

function wordsOf({ name, settings, error }: ListedProfile): string {
  if (error !== undefined) return error;
  const login = storedLogin(settings);
  if (login === undefined) {
    const at = settings.broker === undefined ? '' : ` at ${settings.broker}`;
    return `not logged in${at}; run \`mcpgate login --profile ${name}\``;
  }
  const { broker, workspace } = login.address;
  return `${login.user} at ${broker}${workspace === 'default' ? '' : ` (workspace ${workspace})`}`;
}

function warnOfEnvironment(chosen: string | undefined, { env, terminal }: CliContext): void {
  const wanted = env['MCPGATE_PROFILE'] ?? '';
  if (wanted !== '' && wanted !== chosen)
    terminal.warn(`MCPGATE_PROFILE is set here to ${JSON.stringify(wanted.slice(0, 40))} and beats this`);
}

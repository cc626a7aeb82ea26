// `mcpgate install-clients`: sets AI clients up to start mcpgate, or undoes that. A failure with one client does not stop the others.
import { Chalk, type ChalkInstance } from 'chalk';
import type { Command } from 'commander';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { Client } from '../../clients/client.ts';
import { type ClientDeps, withAbsoluteDirs } from '../../clients/client-deps.ts';
import { CLIENTS } from '../../clients/client-table.ts';
import type { ChangeContext } from '../../clients/change.ts';
import { putBack, setUp, takeOut } from '../../clients/change-client.ts';
import { launcherPath, writeLauncher } from '../../clients/launcher/launcher.ts';
import { createLedger } from '../../clients/ledger.ts';
import { unifiedDiff } from '../../clients/files/unified-diff.ts';
import type { CliContext } from '../../context.ts';
import { entryFor } from './entry-for.ts';
import { bundleDoubt } from './check-bundle.ts';
import { choose, type InstallClientsOptions, knownClients } from './choose-clients.ts';
import { findTokensNow, tokenLines } from '../tokens/check-tokens.ts';
import { type Outcome, renderOutcome } from './render-client-outcome.ts';

type Flag = Exclude<keyof InstallClientsOptions, 'bundle'> | 'cleanTokens' | 'propose' | 'yes';

export function addInstallClients(program: Command, context: CliContext): void {
  program
    .command('install-clients')
    .description('set up the AI clients on this computer to use mcpgate')
    .argument('[name...]', `only these: ${knownClients()} (otherwise every one that is found)`)
    .option('--dry-run', 'show what would change, as a diff, and change nothing')
    .option('--all', 'every AI client that is found, besides those named')
    .option('--project', 'the files of the project in this folder, instead of your own')
    .option('--bundle <name>', 'have them serve a bundle of tools; it stays until you say another one')
    .option('--no-bundle', 'have them serve every server again')
    .option('--uninstall', 'take the entry out again')
    .option('--restore', 'put the last backup of the file back')
    .option('--clean-tokens', 'take entries out in which tokens stand in clear and whose servers the broker has')
    .option('--propose', 'offer the servers that only this laptop has to the administrators: names, and no value')
    .option('--yes', 'ask nothing')
    .option('--json', 'print one JSON array')
    .action(async (names: string[], flags: Partial<Record<Flag, boolean>> & { bundle?: string | false }) => {
      const { dryRun = false, all = false, project = false, uninstall = false, restore = false, json = false } = flags;
      const { bundle } = flags;
      const options = { names, dryRun, all, project, uninstall, restore, json, bundle };
      const { cleanTokens = false, propose = false, yes = false } = flags;
      const asked = [
        uninstall && '--uninstall',
        restore && '--restore',
        cleanTokens && '--clean-tokens',
        propose && '--propose',
      ];
      if (typeof bundle === 'string' && !/^[a-z0-9-]{1,24}$/.test(bundle))
        throw new GateError(
          'usage',
          `${JSON.stringify(bundle.slice(0, 60))} is no name of a bundle: 1 to 24 of a-z, 0-9 and -`,
        );
      const saysBundle = bundle !== undefined && (bundle === false ? '--no-bundle' : '--bundle');
      const [one, other] = [saysBundle, ...asked].filter((flag) => flag !== false);
      if (other !== undefined) throw new GateError('usage', `${one} and ${other} exclude each other`);
      if (cleanTokens || propose) {
        const { runCleanTokens, runPropose } = await import('../tokens/run-tokens.ts');
        const run = cleanTokens ? runCleanTokens : runPropose;
        context.setExitCode(await run({ ...options, yes }, choose(options, context), context));
        return;
      }
      context.setExitCode(await runInstallClients(options, context));
      const doubt = typeof bundle === 'string' ? await bundleDoubt(context, bundle) : undefined;
      if (doubt !== undefined) context.terminal.warn(doubt);
      if (!uninstall && !restore && !project && !json) await tellOfTokens(context);
    });
}

/** What else is to be done here, once the clients use mcpgate. */
async function tellOfTokens(context: CliContext): Promise<void> {
  const lines = tokenLines(await findTokensNow(context));
  if (lines.length > 0) context.terminal.note('Service tokens stand in clear in the files of AI clients:');
  for (const line of lines) context.terminal.note(`  ! ${plainLine(line)}`);
}

/** Returns the exit code: 0 where everything was done, else 1. Throws `usage`. */
export async function runInstallClients(options: InstallClientsOptions, given: ClientDeps): Promise<number> {
  const deps = withAbsoluteDirs(given);
  if (options.uninstall && options.restore)
    throw new GateError('usage', '--uninstall and --restore exclude each other');
  const chosen = choose(options, deps);
  const outcomes: Outcome[] = [];
  // Written before the clients' files, because an entry must never name a launcher that does not exist.
  if (!options.dryRun && !options.uninstall && !options.restore && chosen.some(({ isWanted }) => isWanted))
    await writeLauncher(deps);
  for (const { client, isWanted, paths } of chosen) {
    for (const path of paths)
      outcomes.push(isWanted ? await change(client, path, options, deps) : outcome(client, path, 'not_found'));
  }
  report(outcomes, options, deps);
  return outcomes.some(({ action }) => action === 'failed') ? 1 : 0;
}

async function change(
  client: Client,
  path: string,
  options: InstallClientsOptions,
  deps: ClientDeps,
): Promise<Outcome> {
  const { dryRun, project, uninstall, restore } = options;
  const ledger = createLedger(deps.configDir, deps.now);
  const context: ChangeContext = { ledger, isDryRun: dryRun, mayAskClient: !project, deps };
  try {
    let done;
    if (restore) done = await putBack(client, path, context);
    else if (uninstall) done = await takeOut(client, path, context);
    else
      done = await setUp(
        client,
        path,
        entryFor(client, { bundle: options.bundle, profile: deps.pinnedProfile }, launcherPath(deps)),
        context,
      );
    if (done === null) {
      if (!options.names.includes(client.name)) return outcome(client, path, 'no_backup');
      return { ...outcome(client, path, 'failed'), error: `there is no backup of ${path} to put back` };
    }
    const { action, changed, backup, before, after, own } = done;
    const isRelaxed = client.strictJson === true && after !== null && client.format.isRelaxed(after);
    return {
      ...outcome(client, path, action),
      changed,
      backup,
      ...(dryRun ? { diff: before === after ? '' : unifiedDiff(path, before, after) } : {}),
      ...(own === undefined ? {} : { note: OWN[own](client.entryName) }),
      ...(isRelaxed ? { note: `its file has comments or trailing commas, which ${client.title} may not read` } : {}),
    };
  } catch (error) {
    return { ...outcome(client, path, 'failed'), error: toGateError(error).message };
  }
}

const OWN = {
  replaced: (name: string) =>
    `it had an entry of your own named ${name}: the backup keeps it, and --uninstall puts it back`,
  'given-back': (name: string) => `your own entry named ${name} is back`,
  left: (name: string) => `its entry named ${name} is your own, and was left as it is`,
} as const;

const outcome = (client: Client, path: string, action: Outcome['action']): Outcome => ({
  client,
  path,
  action,
  changed: false,
  backup: null,
  error: null,
});

function report(outcomes: readonly Outcome[], options: InstallClientsOptions, deps: ClientDeps): void {
  if (options.json) {
    const list = outcomes.map(({ client, path, action, changed, backup, error, diff, note }) => ({
      client: client.name,
      path,
      action,
      changed,
      backup,
      error,
      ...(diff === undefined ? {} : { diff }),
      ...(note === undefined ? {} : { note }),
    }));
    deps.stdout.write(`${JSON.stringify(list, null, 2)}\n`);
    return;
  }
  const colours: ChalkInstance = new Chalk({ level: deps.isTTY && !deps.env['NO_COLOR'] ? 1 : 0 });
  for (const each of outcomes) deps.stdout.write(renderOutcome(each, options, colours));
  if (outcomes.every(({ action }) => action === 'not_found')) {
    deps.stderr.write(
      `No AI client was found. Name one to set it up all the same: mcpgate install-clients ${CLIENTS[0]?.name ?? 'NAME'}\n`,
    );
  } else if (options.project && outcomes.some(({ action }) => action === 'added' || action === 'updated')) {
    deps.stderr.write('The project files name a path of this computer: keep them out of version control.\n');
  }
}

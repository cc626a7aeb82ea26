// `mcpgate install-clients`: sets AI clients up to start mcpgate, or undoes that. A failure with one client does not stop the others.
import { Chalk, type ChalkInstance } from 'chalk';
import type { Command } from 'commander';
import { GateError, toGateError } from 'mcpgate-shared/error';
import type { Client } from '../clients/client.ts';
import { type ClientDeps, withAbsoluteDirs } from '../clients/client-deps.ts';
import { CLIENTS, findClient } from '../clients/client-table.ts';
import { type ChangeContext, putBack, setUp, takeOut } from '../clients/change-client.ts';
import { lookFor, projectPath } from '../clients/find-clients.ts';
import { launcherPath, writeLauncher } from '../clients/launcher/launcher.ts';
import { createLedger } from '../clients/ledger.ts';
import { unifiedDiff } from '../clients/files/unified-diff.ts';
import { type Outcome, renderOutcome } from './render-client-outcome.ts';

export interface InstallClientsOptions {
  readonly names: readonly string[];
  readonly dryRun: boolean;
  readonly all: boolean;
  readonly project: boolean;
  readonly uninstall: boolean;
  readonly restore: boolean;
  readonly json: boolean;
}

export function addInstallClients(program: Command, context: ClientDeps & { setExitCode(code: number): void }): void {
  program
    .command('install-clients')
    .description('set up the AI clients on this computer to use mcpgate')
    .argument('[name...]', `only these: ${known()} (otherwise every one that is found)`)
    .option('--dry-run', 'show what would change, as a diff, and change nothing')
    .option('--all', 'every AI client that is found, besides those named')
    .option('--project', 'the files of the project in this folder, instead of your own')
    .option('--uninstall', 'take the entry out again')
    .option('--restore', 'put the last backup of the file back')
    .option('--json', 'print one JSON array')
    .action(async (names: string[], flags: Partial<Record<keyof InstallClientsOptions, boolean>>) => {
      const { dryRun = false, all = false, project = false, uninstall = false, restore = false, json = false } = flags;
      const options = { names, dryRun, all, project, uninstall, restore, json };
      context.setExitCode(await runInstallClients(options, context));
    });
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

interface Choice {
  client: Client;
  isWanted: boolean;
  paths: readonly string[];
}

/** The clients that were named, or all known ones. Those that are not installed stay in the list, so that the output mentions them. */
function choose({ names, all, project }: InstallClientsOptions, deps: ClientDeps): Choice[] {
  for (const name of names) {
    const client = findClient(name);
    if (client === undefined)
      throw new GateError('usage', `unknown AI client ${JSON.stringify(name)}: mcpgate knows ${known()}`);
    if (project && client.projectFile === undefined) {
      throw new GateError('usage', `${client.title} has no project file: leave ${name} or --project out`);
    }
  }
  return CLIENTS.flatMap((client): Choice[] => {
    const isNamed = names.includes(client.name);
    if (!isNamed && names.length > 0 && !all) return [];
    const { isFound, paths } = lookFor(client, deps);
    if (!project) return [{ client, isWanted: isNamed || isFound, paths }];
    const path = projectPath(client, deps);
    return path === undefined ? [] : [{ client, isWanted: isNamed || isFound, paths: [path] }];
  });
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
    else done = await setUp(client, path, client.entry(launcherPath(deps)), context);
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
      ...(own === undefined ? {} : { note: OWN[own] }),
      ...(isRelaxed ? { note: `its file has comments or trailing commas, which ${client.title} may not read` } : {}),
    };
  } catch (error) {
    return { ...outcome(client, path, 'failed'), error: toGateError(error).message };
  }
}

const OWN = {
  replaced: 'it had an entry of your own named mcpgate: the backup keeps it, and --uninstall puts it back',
  'given-back': 'your own entry named mcpgate is back',
  left: 'its entry named mcpgate is your own, and was left as it is',
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

function known(): string {
  return CLIENTS.map(({ name }) => name).join(', ');
}

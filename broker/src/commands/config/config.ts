// `config …`: configuration as code. What a broker should have stands in files; `plan` says what would be done, `apply` does all of it or nothing.
import { Command } from 'commander';
import { configApi, type ConfigurationPlan } from 'mcpgate-shared/api/config/config-api';
import { SECTIONS } from 'mcpgate-shared/api/config/configuration';
import { GateError } from 'mcpgate-shared/error';
import { Mistake } from '../../domain/mistake.ts';
import type { CommandContext } from '../context.ts';
import {
  adminOptions,
  withSession,
  withVerdict,
  type AdminOptions,
  type AdminSession,
} from '../session/admin-session.ts';
import { isConfirmed, type AskedOptions } from '../terminal/confirm.ts';
import { columnsOf, hung } from '../terminal/hung.ts';
import { configurationSchemaText } from './configuration-schema.ts';
import { configurationText } from './configuration-text.ts';
import { addImport } from './import.ts';
import { doneLine, isEmpty, opens, planText } from './plan-text.ts';
import { caretOf, type PlacedMistake } from './text-places.ts';
import { mistakeLine, readConfiguration, STDIN, type ReadConfiguration } from './read-configuration.ts';

/** What `plan` ends with where there is something to do. */
const CHANGES = 10;
/** More mistakes nobody reads at once. */
const MOST_TOLD = 50;
const KINDS = [...SECTIONS, 'enforcement'] as const;

interface TakingOptions extends AskedOptions {
  takeOver?: string[];
}

export function configCommand(context: CommandContext): Command {
  const command = new Command('config').description(
    'configuration as code: servers, rules, groups and the rest in files',
  );
  adminOptions(command.command('export').description('print what there is as YAML; no secret is in it'))
    .option('--only <section...>', `of ${KINDS.join(', ')}; all of them unless said`)
    .action(
      async (options: AdminOptions & { only?: string[] }) =>
        await withSession(context, options, (session) => exportAll(session, options.only)),
    );
  takingOptions(command.command('plan <path>'))
    .description('what a file, or a folder of files, would change; exit code 10 where that is something')
    .action(
      async (path: string, options: TakingOptions) =>
        await withVerdict(
          command,
          context,
          options,
          async (session) => {
            const plan = await planOf(session, await readFrom(command, context, path), options, command);
            session.show(plan, hung(planText(plan), columnsOf(context.stdout)));
            return !isEmpty(plan);
          },
          CHANGES,
        ),
    );
  takingOptions(command.command('apply <path>'))
    .description('make it so, all of it or nothing')
    .option('-y, --yes', 'do not ask')
    .action(
      async (path: string, options: TakingOptions) =>
        await withSession(context, options, (session) => apply(session, path, options, command)),
    );
  command
    .command('check <path>')
    .description(
      'look for mistakes without a broker, in a file, a folder or - for stdin; exit code 1 with file:line:column',
    )
    .option('--json', 'print one JSON document')
    .option('--strict', 'what the files do not have is a mistake too')
    .option('--connect', 'of a broker’s own configuration: try its database, too')
    .action(async (path: string, options: { json?: boolean; strict?: boolean; connect?: boolean }) => {
      const { checkBrokerFile } = await import('./check-broker-file.ts');
      const own = await checkBrokerFile(context, path, options);
      if (own === 'wrong') command.error('', { exitCode: 1 });
      if (own !== 'other') return;
      if (await hasMistakes(context, path, options)) command.error('', { exitCode: 1 });
    });
  addImport(command, context);
  command
    .command('schema')
    .description('print the JSON Schema, for editors')
    .action(() => void context.stdout.write(configurationSchemaText()));
  return command;
}

const takingOptions = (command: Command): Command =>
  adminOptions(command).option('--take-over <name...>', 'manage what these configurations have managed until now');

async function exportAll({ api, show, inside }: AdminSession, only: readonly string[] = KINDS): Promise<void> {
  const unknown = only.find((each) => !KINDS.some((kind) => kind === each));
  if (unknown !== undefined) throw new GateError('usage', `--only: "${unknown}" is none of ${KINDS.join(', ')}`);
  const { configuration } = await api.call(configApi.export, {});
  const kept = Object.fromEntries(Object.entries(configuration).filter(([section]) => only.includes(section)));
  const about = [
    'The configuration of an mcpgate broker: see docs/configuration-as-code.md.',
    `\`mcpgate-broker config plan FILE${inside}\` says what this file would change, \`config apply\` does it.`,
    'What is not said here is left alone, unless this file has managed it.',
  ];
  show({ version: 1, ...kept }, configurationText(kept, about));
}

/** Ends the command with exit code 1, as `check` does, where something is wrong, after its places are told. */
async function readFrom(command: Command, context: CommandContext, path: string): Promise<ReadConfiguration> {
  const answer = await readConfiguration(context, path);
  if (!('read' in answer)) return endWith(command, context, answer.mistakes);
  if (path === STDIN && answer.read.configuration.name === undefined)
    throw new GateError(
      'usage',
      'what is read of stdin has to say under which name it manages: write `name: NAME` in it',
    );
  return answer.read;
}

function endWith(command: Command, { stderr }: CommandContext, mistakes: readonly PlacedMistake[]): never {
  for (const each of mistakes.toSorted(inOrder).slice(0, MOST_TOLD)) stderr.write(`${mistakeLine(each)}\n`);
  if (mistakes.length > MOST_TOLD) stderr.write(`and ${mistakes.length - MOST_TOLD} more\n`);
  return command.error('', { exitCode: 1 });
}

/** By file, as they were read, and by line. */
const inOrder = (a: PlacedMistake, b: PlacedMistake): number =>
  a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;

async function planOf(
  { api, context }: AdminSession,
  read: ReadConfiguration,
  { takeOver = [] }: TakingOptions,
  command: Command,
): Promise<ConfigurationPlan> {
  const { source, written } = read;
  return await located(command, context, read, () =>
    api.call(configApi.plan, { body: { source, configuration: written, take_over: takeOver } }),
  );
}

async function apply(session: AdminSession, path: string, options: TakingOptions, command: Command): Promise<void> {
  const { api, show, context, json } = session;
  const read = await readFrom(command, context, path);
  const plan = await planOf(session, read, options, command);
  if (!json && (!isEmpty(plan) || plan.taken_over.length + plan.released.length > 0))
    context.stderr.write(`${hung(planText(plan), columnsOf(context.stderr))}\n`);
  if (!isEmpty(plan) && context.stdin.isTTY === true && options.yes !== true && !json) {
    const question = opens(plan) ? 'It opens what was closed. Apply it? [y/N] ' : 'Apply it? [y/N] ';
    if (!(await isConfirmed(context, question))) throw new GateError('cancelled', 'nothing was applied');
  }
  const { source, written, files } = read;
  const body = { source, configuration: written, take_over: options.takeOver ?? [], version: plan.version, files };
  const done = await located(command, context, read, () => api.call(configApi.apply, { body }));
  show(done, doneLine(done));
}

/** A mistake that the broker tells is shown at its place in the file, and ends the command as one that is found before. */
async function located<T>(
  command: Command,
  context: CommandContext,
  { placeOf }: ReadConfiguration,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const [, ...path] = error.path[0] === 'configuration' ? error.path : ['configuration', ...error.path];
    return endWith(command, context, [{ ...placeOf(path, caretOf(error.message)), message: error.message }]);
  }
}

function unique(mistakes: readonly PlacedMistake[]): PlacedMistake[] {
  return [...new Map(mistakes.map((each) => [mistakeLine(each), each])).values()].toSorted(inOrder);
}

async function hasMistakes(
  context: CommandContext,
  path: string,
  { json, strict }: { json?: boolean; strict?: boolean },
): Promise<boolean> {
  const answer = await readConfiguration(context, path);
  // On demand, because no other command needs what reads conditions.
  const { checkConfiguration } = await import('./check-configuration.ts');
  const rest = 'read' in answer ? answer.read : answer.rest;
  const found = rest === undefined ? { mistakes: [], elsewhere: [] } : checkConfiguration(rest);
  const wrong = [...('read' in answer ? [] : answer.mistakes), ...found.mistakes];
  const mistakes = unique(strict === true ? [...wrong, ...found.elsewhere] : wrong);
  const elsewhere = strict === true ? [] : found.elsewhere.toSorted(inOrder);
  if (json === true)
    context.stdout.write(`${JSON.stringify({ ok: mistakes.length === 0, mistakes, elsewhere }, null, 2)}\n`);
  else {
    for (const each of mistakes) context.stderr.write(`${mistakeLine(each)}\n`);
    for (const each of elsewhere)
      context.stderr.write(`${mistakeLine({ ...each, message: `note: ${each.message}` })}\n`);
    if (mistakes.length === 0) context.stdout.write(`${path} is a configuration without mistakes\n`);
  }
  return mistakes.length > 0;
}

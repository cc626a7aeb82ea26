// The command line of `mcpgate-broker`: puts all groups of commands together, runs one command, and turns its failure into an exit code.
import { Command, CommanderError } from 'commander';
import { EXIT_CODE, GateError } from 'mcpgate-shared/error';
import { withoutHelpOfUnknown } from 'mcpgate-shared/unknown-command';
import { VERSION } from 'mcpgate-shared/version';
import { completionCommand } from './completion.ts';
import type { CommandContext } from './context.ts';
import { EXAMPLES } from './examples.ts';
import { reportFailure } from './report-failure.ts';

/**
 * The commands by their names, in the order of the help. Each is loaded when it is called: all of them together describe the whole API, which takes
 * longer to load than most commands run.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<(context: CommandContext) => Command>>> = {
  start: async () => (await import('./start.ts')).startCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  user: async () => (await import('./user.ts')).userCommand,
  group: async () => (await import('./group.ts')).groupCommand,
  device: async () => (await import('./device.ts')).deviceCommand,
  session: async () => (await import('./device.ts')).sessionCommand,
  login: async () => (await import('./device.ts')).loginCommand,
  server: async () => (await import('./server/server.ts')).serverCommand,
  secret: async () => (await import('./secrets/secret.ts')).secretCommand,
  key: async () => (await import('./key.ts')).keyCommand,
  grant: async () => (await import('./grant.ts')).grantCommand,
  'admin-token': async () => (await import('./session/admin-token.ts')).adminTokenCommand,
  bundle: async () => (await import('./bundle.ts')).bundleCommand,
  rule: async () => (await import('./rule.ts')).ruleCommand,
  enforcement: async () => (await import('./rule.ts')).enforcementCommand,
  tool: async () => (await import('./tool/tool.ts')).toolCommand,
  request: async () => (await import('./request.ts')).requestCommand,
  hook: async () => (await import('./hooks/hook.ts')).hookCommand,
  config: async () => (await import('./config/config.ts')).configCommand,
  audit: async () => (await import('./audit.ts')).auditCommand,
  backup: async () => (await import('./operations/backup.ts')).backupCommand,
  restore: async () => (await import('./operations/restore.ts')).restoreCommand,
  reload: async () => (await import('./operations/reload.ts')).reloadCommand,
  migrate: async () => (await import('./operations/migrate.ts')).migrateCommand,
  workspace: async () => (await import('./workspace.ts')).workspaceCommand,
};

const VERSION_FLAGS = ['-v', '--version'];

/** Runs one command. Resolves with the exit code; never rejects. */
export async function runProgram(words: readonly string[], context: CommandContext): Promise<number> {
  try {
    const program = await createProgram(context, words);
    await program.parseAsync([...withoutHelpOfUnknown(program, words)], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed the error already, or a help text that was asked for, which is no failure.
    if (error instanceof CommanderError)
      return error.code === 'commander.error' ? error.exitCode : error.exitCode === 0 ? 0 : EXIT_CODE.usage;
    return reportFailure(error, context);
  }
}

/** The commands, for commander: all of them, the one that the first of `words` names, or none where that asks for the version. */
export async function createProgram(context: CommandContext, words: readonly string[] = []): Promise<Command> {
  const program = new Command('mcpgate-broker')
    .description('Holds the service tokens, decides every call, records it, and serves every AI client.')
    .version(VERSION, VERSION_FLAGS.join(', '), 'print the version')
    .showHelpAfterError('run with --help for what there is')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 not logged in or revoked, 4 broker out of reach, 130 interrupted.',
    );
  const [named = ''] = words;
  const isOne = Object.hasOwn(COMMANDS, named) || VERSION_FLAGS.includes(named);
  const wanted = Object.entries(COMMANDS).filter(([name]) => name === named || !isOne);
  for (const make of await Promise.all(wanted.map(([, load]) => load()))) program.addCommand(make(context));
  program.addCommand(completionCommand(context, () => createProgram(context)));
  prepare(program, context);
  return program;
}

/** Hints for options that a command does not know. */
const HINTS: Readonly<Record<string, string>> = {
  'server add': 'The options of a command stand behind two dashes: `server add NAME -- COMMAND ARGS…`\n',
};

/** Whoever leaves out several options that a command needs is told of all of them at once, and not of one at each try. */
function namesAllThatIsMissing(command: Command): void {
  const needed = command.options.filter(({ mandatory }) => mandatory);
  for (const option of needed) option.mandatory = false;
  if (needed.length === 0) return;
  command.hook('preAction', () => {
    const missing = needed.filter((option) => command.getOptionValue(option.attributeName()) === undefined);
    if (missing.length > 0)
      throw new GateError(
        'usage',
        `give ${missing.map(({ flags }) => flags).join(' and ')}; \`--help\` says what they are`,
      );
  });
}

/** Prepares a command and those below it: they neither end the process nor write past the context, and their help shows their examples. */
function prepare(command: Command, context: CommandContext, path: readonly string[] = []): void {
  const examples = EXAMPLES[path.join(' ')] ?? [];
  if (examples.length > 0) {
    command.addHelpText('after', ['', 'Examples:', ...examples.map((line) => `  $ mcpgate-broker ${line}`)].join('\n'));
  }
  command.exitOverride().configureOutput({
    writeOut: (text) => void context.stdout.write(text),
    writeErr: (text) => void context.stderr.write(text),
    outputError(text, write) {
      const hint = text.includes('unknown option') ? (HINTS[path.join(' ')] ?? '') : '';
      write(text === '\n' ? '' : `${text.replace(/^error: /, 'mcpgate-broker: ')}${hint}`);
    },
  });
  namesAllThatIsMissing(command);
  for (const child of command.commands) prepare(child, context, [...path, child.name()]);
}

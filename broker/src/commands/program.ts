// The command line of `mcpgate-broker`: puts all groups of commands together, runs one command, and turns its failure into an exit code.
import { Command, CommanderError } from 'commander';
import { EXIT_CODE, GateError } from 'mcpgate-shared/error';
import { withoutHelpOfUnknown } from 'mcpgate-shared/unknown-command';
import { VERSION } from 'mcpgate-shared/version';
import { adminTokenCommand } from './session/admin-token.ts';
import { auditCommand } from './audit.ts';
import { bundleCommand } from './bundle.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config/config.ts';
import type { CommandContext } from './context.ts';
import { deviceCommand, loginCommand, sessionCommand } from './device.ts';
import { EXAMPLES } from './examples.ts';
import { grantCommand } from './grant.ts';
import { groupCommand } from './group.ts';
import { hookCommand } from './hooks/hook.ts';
import { keyCommand } from './key.ts';
import { reportFailure } from './report-failure.ts';
import { backupCommand } from './operations/backup.ts';
import { migrateCommand } from './operations/migrate.ts';
import { reloadCommand } from './operations/reload.ts';
import { restoreCommand } from './operations/restore.ts';
import { requestCommand } from './request.ts';
import { enforcementCommand, ruleCommand } from './rule.ts';
import { secretCommand } from './secrets/secret.ts';
import { serverCommand } from './server/server.ts';
import { startCommand } from './start.ts';
import { statusCommand } from './status.ts';
import { toolCommand } from './tool/tool.ts';
import { userCommand } from './user.ts';
import { workspaceCommand } from './workspace.ts';

/** Runs one command. Resolves with the exit code; never rejects. */
export async function runProgram(words: readonly string[], context: CommandContext): Promise<number> {
  const program = createProgram(context);
  try {
    await program.parseAsync([...withoutHelpOfUnknown(program, words)], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed the error already, or a help text that was asked for, which is no failure.
    if (error instanceof CommanderError)
      return error.code === 'commander.error' ? error.exitCode : error.exitCode === 0 ? 0 : EXIT_CODE.usage;
    return reportFailure(error, context);
  }
}

/** All commands, for commander. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('mcpgate-broker')
    .description('Holds the service tokens, decides every call, records it, and serves every AI client.')
    .version(VERSION, '-v, --version', 'print the version')
    .showHelpAfterError('run with --help for what there is')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed, 2 usage, 3 not logged in or revoked, 4 broker out of reach, 130 interrupted.',
    );
  program.addCommand(startCommand(context));
  program.addCommand(statusCommand(context));
  program.addCommand(userCommand(context));
  program.addCommand(groupCommand(context));
  program.addCommand(deviceCommand(context));
  program.addCommand(sessionCommand(context));
  program.addCommand(loginCommand(context));
  program.addCommand(serverCommand(context));
  program.addCommand(secretCommand(context));
  program.addCommand(keyCommand(context));
  program.addCommand(grantCommand(context));
  program.addCommand(adminTokenCommand(context));
  program.addCommand(bundleCommand(context));
  program.addCommand(ruleCommand(context));
  program.addCommand(enforcementCommand(context));
  program.addCommand(toolCommand(context));
  program.addCommand(requestCommand(context));
  program.addCommand(hookCommand(context));
  program.addCommand(configCommand(context));
  program.addCommand(auditCommand(context));
  program.addCommand(backupCommand(context));
  program.addCommand(restoreCommand(context));
  program.addCommand(reloadCommand(context));
  program.addCommand(migrateCommand(context));
  program.addCommand(workspaceCommand(context));
  program.addCommand(completionCommand(context, () => program));
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

// `--profile NAME`, which every command takes that is of a login: it decides of which profile the command is, before the command runs.
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import type { CliContext } from '../context.ts';
import { requireProfile } from '../laptop/profile.ts';

const OPTION = [
  '--profile <name>',
  'of this profile (`mcpgate use` lists them), else of MCPGATE_PROFILE, else of the one chosen',
] as const;

/** Commands that are of no profile. */
const OF_NONE: ReadonlySet<string> = new Set(['use', 'completion', 'help']);

/** Adds the option to the commands of `program`, which are all defined, and has it obeyed. */
export function ofProfile(program: Command, context: CliContext): void {
  for (const command of leavesOf(program)) if (!OF_NONE.has(command.name())) command.option(...OPTION);
  // Before the command's name too, as in `mcpgate --profile work status`.
  program.option(...OPTION);
  program.hook('preAction', (_program, action) => {
    const { profile, uninstall } = action.optsWithGlobals<{ profile?: string; uninstall?: boolean }>();
    if (OF_NONE.has(action.name())) {
      if (profile !== undefined)
        throw new GateError('usage', `\`${action.name()}\` is of no profile: leave --profile out`);
      return;
    }
    context.selectProfile(profile);
    // A login makes the profile, and entries of one that is gone can still be taken out.
    if (action.name() !== 'login' && uninstall !== true) requireProfile(context.paths);
  });
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

// `completion SHELL`: prints a script that completes commands and flags, written from the commands themselves.
import { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import type { CommandContext } from './context.ts';

interface Node {
  /** The command's words: `user add`; empty for the program itself. */
  path: string;
  words: string[];
}

export function completionCommand(context: CommandContext, program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('print a completion script for bash, zsh or fish')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => void context.stdout.write(completionScript(shell, await program())));
}

function nodesOf(command: Command, path: readonly string[] = []): Node[] {
  const flags = command.options.map((option) => option.long ?? '').filter((flag) => flag !== '');
  const words = [...command.commands.map((child) => child.name()), ...flags, '--help'];
  return [
    { path: path.join(' '), words },
    ...command.commands.flatMap((child) => nodesOf(child, [...path, child.name()])),
  ];
}

/** Throws `usage` for another shell. */
function completionScript(shell: string, program: Command): string {
  const nodes = nodesOf(program);
  const name = program.name();
  if (shell === 'fish') {
    const lines = nodes.flatMap(({ path, words }) => {
      const condition =
        path === ''
          ? '__fish_use_subcommand'
          : path
              .split(' ')
              .map((word) => `__fish_seen_subcommand_from ${word}`)
              .join('; and ');
      return words.map((word) =>
        word.startsWith('--')
          ? `complete -c ${name} -n '${condition}' -l ${word.slice(2)}`
          : `complete -c ${name} -f -n '${condition}' -a ${word}`,
      );
    });
    return `${lines.join('\n')}\n`;
  }
  if (shell !== 'bash' && shell !== 'zsh') throw new GateError('usage', `"${shell}" is none of bash, zsh, fish`);
  const cases = nodes.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n');
  const script = `_mcpgate_broker() {
  local path='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) break ;; *) [ "$(echo "$path" | wc -w)" -lt 2 ] && path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _mcpgate_broker ${name}
`;
  return shell === 'bash' ? script : `autoload -U +X bashcompinit && bashcompinit\n${script}`;
}

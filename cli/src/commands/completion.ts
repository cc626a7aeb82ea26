// `mcpgate completion bash|zsh|fish`: generated from the commands' own definitions, so that it is always complete.
import { Argument, type Command } from 'commander';
import type { CliContext } from '../context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

interface Words {
  /** The words before the completed one: `daemon` for `daemon stop`; empty at the top level. */
  path: string;
  words: { word: string; description: string }[];
}

export function addCompletion(program: Command, context: CliContext): void {
  program
    .command('completion')
    .description('print a completion script for your shell')
    .addArgument(new Argument('<SHELL>').choices(SHELLS))
    .addHelpText(
      'after',
      `
Examples:
  $ mcpgate completion bash > ~/.local/share/bash-completion/completions/mcpgate
  $ mcpgate completion zsh > "\${fpath[1]}/_mcpgate"
  $ mcpgate completion fish > ~/.config/fish/completions/mcpgate.fish`,
    )
    .action((shell: Shell) => context.terminal.print(completionScript(shell, program)));
}

function completionScript(shell: Shell, program: Command): string {
  const levels = collect(program, []);
  return { bash, zsh, fish }[shell](levels);
}

function collect(command: Command, path: string[]): Words[] {
  const visible = command.createHelp().visibleCommands(command);
  const options = command.createHelp().visibleOptions(command);
  const words = [
    ...visible.map((sub) => ({ word: sub.name(), description: sub.description() })),
    ...options.map((option) => ({ word: option.long ?? option.flags, description: option.description })),
  ];
  const below = visible.filter((sub) => sub.name() !== 'help').flatMap((sub) => collect(sub, [...path, sub.name()]));
  return [{ path: path.join(' '), words }, ...below];
}

function bash(levels: readonly Words[]): string {
  const cases = levels.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`);
  return `_mcpgate() {
  local path='' word words=''
  local before=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) [ "$before" = --profile ] || path="\${path:+$path }$word" ;; esac
    before=$word
  done
  case "$path" in
${cases.join('\n')}
  esac
  [ "$path" = use ] && words="$words $(mcpgate use --names 2>/dev/null)"
  [ "$before" = --profile ] && words=$(mcpgate use --names 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _mcpgate mcpgate`;
}

const quoted = (text: string): string => text.replaceAll("'", `'\\''`);

function zsh(levels: readonly Words[]): string {
  const cases = levels.map(({ path, words }) => {
    const items = words.map(({ word, description }) => `'${quoted(`${word}:${description.replaceAll(':', '\\:')}`)}'`);
    return `    '${path}') items=(${items.join(' ')}) ;;`;
  });
  return `#compdef mcpgate
_mcpgate() {
  local path_='' word before=''
  local -a items
  for word in "\${words[@]:1:$((CURRENT-2))}"; do
    [[ $word == -* || $before == --profile ]] || path_="\${path_:+$path_ }$word"
    before=$word
  done
  if [[ $before == --profile || $path_ == use ]]; then
    compadd -- \${(f)"$(mcpgate use --names 2>/dev/null)"}
    [[ $before == --profile ]] && return
  fi
  case "$path_" in
${cases.join('\n')}
    *) _files; return ;;
  esac
  _describe 'mcpgate' items
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _mcpgate "$@"; else compdef _mcpgate mcpgate; fi`;
}

/** The profiles, which only the laptop knows. */
const NAMES = '(mcpgate use --names 2>/dev/null)';

function fish(levels: readonly Words[]): string {
  const lines = levels.flatMap(({ path, words }) =>
    words.map(({ word, description }) => {
      const parts = path.split(' ').filter((part) => part !== '');
      const last = parts.at(-1);
      const condition = last === undefined ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${last}`;
      const flag = `-l ${word.slice(2)}${word === '--profile' ? ` -x -a '${NAMES}'` : ''}`;
      const what = word.startsWith('--') ? flag : `-f -a ${word}`;
      return `complete -c mcpgate -n '${condition}' ${what} -d '${description.replaceAll("'", "\\'")}'`;
    }),
  );
  return [...lines, `complete -c mcpgate -n '__fish_seen_subcommand_from use' -f -a '${NAMES}'`].join('\n');
}

// The launcher as a POSIX shell script. It uses only builtins of the shell, works with an empty environment, and replaces itself by mcpgate with
// `exec`, so that no shell process stays between the AI client and mcpgate.
import type { RuntimeCandidates } from './runtime-candidates.ts';

export interface LauncherContent {
  readonly homedir: string;
  /** Variables to set where they are not set. */
  readonly variables: Readonly<Record<string, string>>;
  readonly candidates: RuntimeCandidates;
}

export function launcherSh({ homedir, variables, candidates }: LauncherContent): string {
  const [node = '', ...otherNodes] = candidates.nodes;
  const [script = '', ...otherScripts] = candidates.scripts;
  const exports = Object.entries({ HOME: homedir, ...variables }).map(
    ([name, value]) => `[ -n "\${${name}-}" ] || ${name}=${quote(value)}\nexport ${name}`,
  );
  return `#!/bin/sh
# Written by \`mcpgate install-clients\`, which writes it again when needed: AI clients start mcpgate through it.
${exports.join('\n')}

node=${quote(node)}
script=${quote(script)}
[ -x "$node" ] && [ -f "$script" ] && exec "$node" "$script" "$@"

# What was there has moved (an upgrade of Node or of mcpgate): look where they usually are.
newest() { # the path of highest version among the arguments, each …/VERSION/…
  best=; top=-1
  for path; do
    [ -f "$path" ] || continue
    version=\${path#"$prefix"}; version=\${version%%/*}; version=\${version#v}
    major=\${version%%.*}; rest=\${version#*.}; minor=\${rest%%.*}; patch=\${rest#*.}
    case $major$minor$patch in *[!0-9]* | '') continue ;; esac
    rank=$((major * 1000000 + minor * 1000 + patch))
    [ "$rank" -gt "$top" ] && top=$rank best=$path
  done
}
usable() { [ -x "$1" ] && "$1" -e 'var v=process.versions.node.split(".");process.exit(v[0]>22||v[0]==22&&v[1]>14?0:1)' </dev/null >/dev/null 2>&1; }

found=
for node in ${[node, ...otherNodes].map(quote).join(' ')}; do
  usable "$node" && found=$node && break
done
${candidates.versionedNodes.map((pattern) => `[ -n "$found" ] || { ${newest(pattern)}; [ -n "$best" ] && usable "$best" && found=$best; }`).join('\n')}
if [ -z "$found" ]; then
  echo 'mcpgate: Node 22.15 or later is not where it was. Install it (https://nodejs.org), then run: mcpgate install-clients' >&2
  exit 1
fi
for script in ${[script, ...otherScripts].map(quote).join(' ')}; do
  [ -f "$script" ] && exec "$found" "$script" "$@"
done
${candidates.versionedScripts.map((pattern) => `${newest(pattern)}; [ -n "$best" ] && exec "$found" "$best" "$@"`).join('\n')}
if [ "\${MCPGATE_LAUNCHER_PID-}" != $$ ]; then # else one of these is this launcher
  MCPGATE_LAUNCHER_PID=$$ PATH=\${found%/*}:\${PATH-/usr/bin:/bin}
  export MCPGATE_LAUNCHER_PID PATH
  for command in ${candidates.commands.map(quote).join(' ')}; do
    [ -x "$command" ] && exec "$command" "$@"
  done
fi
echo 'mcpgate: it is not installed any more where this launcher looks. Install it again (npm install --global mcpgate), then run: mcpgate install-clients' >&2
exit 1
`;
}

/** Shell that sets \`best\` to the newest file that a pattern with at most one \`*\` names. */
function newest(pattern: string): string {
  const [prefix = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return `best=; [ -f ${quote(pattern)} ] && best=${quote(pattern)}`;
  return `prefix=${quote(prefix)}; newest ${quote(prefix)}*${quote(rest.join('*'))}`;
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RecordTexts as Transport } from './record-texts.ts';
import { fillTransport } from './fill-values.ts';

const REF = '${secret:pw}';
const set = (value: string) => () => ({ value, imported: false });
const stdio = (command: string, args: string[], env: Record<string, string> = {}): Transport => ({
  kind: 'stdio',
  command,
  args,
  env,
});

/** What would be carried out, or end what is quoted, in some language. */
const HOSTILE = [
  '"; touch /tmp/x; "',
  "'; touch /tmp/x; '",
  '$(touch /tmp/x)',
  '`id`',
  '${IFS}',
  'a b',
  'a;b',
  'a&calc',
  'a|b',
  'a\nb',
  '#{x}',
  "');require('fs')//",
  'a\\',
  '*',
  '~',
  '!x',
];
const PLAIN = ['ghp_AbC123', 'https://h.example:8080/a,b', 'a-b.c=d+e=='];

/** Each holds the reference in a text that some program carries out. */
const PROGRAMS: readonly (readonly [command: string, ...args: string[]])[] = [
  ['sh', '-c', `run "${REF}"`],
  ['sh', '-c', REF],
  ['/bin/bash', '-lc', `run '${REF}'`],
  ['bash', '-ce', `run ${REF}`],
  ['bash', '-c', '-e', `run ${REF}`],
  ['bash', '-c', '--', `run ${REF}`],
  ['bash', '-o', 'pipefail', '-c', `run ${REF}`],
  ['bash5.2', '-c', `run ${REF}`],
  ['fish', '--command', `run ${REF}`],
  ['fish', `--command=run ${REF}`],
  ['fish', `-crun ${REF}`],
  ['sh', '-c', `# isn't it\nrun ${REF} # isn't it`],
  ['sh', '-c', `run "\${A:-'${REF}'}"`],
  ['sh', '-c', `eval "run '${REF}'"`],
  ['sh', '-c', `sh -c "sh -c 'sh -c \\"sh -c ${REF}\\"'"`],
  ['sh', '-c', `sh -c ${REF}`],
  ['sh', '-c', `A='${REF}' npx server`],
  ['busybox', 'ash', '-c', `run ${REF}`],
  ['timeout', '60', 'bash', '-c', `run ${REF}`],
  ['docker', 'run', '-i', 'image', 'sh', '-c', `run ${REF}`],
  ['env', '-S', `node server.js --key ${REF}`],
  ['env', `-Snode server.js --key ${REF}`],
  ['env', '-iS', `node server.js --key ${REF}`],
  ['env', `--split-string=node server.js --key ${REF}`],
  ['node', '-e', `run("${REF}")`],
  ['node', '-pe', `run("${REF}")`],
  ['node', `--eval=run("${REF}")`],
  ['nodejs', '-e', `run('${REF}')`],
  ['node', '-e', `/'/.test(x); run("${REF}") // '`],
  ['npx', '-y', 'tsx', '-e', `run("${REF}")`],
  ['deno', 'eval', '--ext=ts', `run("${REF}")`],
  ['python3', '-c', `run("${REF}")`],
  ['python3.12', '-Ic', `run("${REF}")`],
  ['python3', `-crun("${REF}")`],
  ['uv', 'run', 'python', '-c', `run('${REF}')`],
  ['pypy3', '-c', `run('${REF}')`],
  ['perl', '-e', `run("${REF}")`],
  ['perl', '-E', `run("${REF}")`],
  ['perl', '-ne', `run("${REF}")`],
  ['perl', `-erun("${REF}")`],
  ['perl', `-Mstrict;run("${REF}")`],
  ['ruby', '-ne', `run('${REF}')`],
  ['php', '-r', `run('${REF}');`],
  ['php', '-B', `run('${REF}');`],
  ['lua', '-e', `run('${REF}')`],
  ['Rscript', '-e', `run('${REF}')`],
  ['osascript', '-e', `do shell script "${REF}"`],
  ['awk', `BEGIN { run("${REF}") }`],
  ['sed', '-n', `s/x/${REF}/p`],
  ['npx', '-c', `server --key ${REF}`],
  ['npx', '-y', '-p', 'pkg', '--call', `server --key "${REF}"`],
  ['npx', `--call=server --key ${REF}`],
  ['npm', 'exec', '-c', `server --key ${REF}`],
  ['pnpm', '-c', 'exec', `server --key ${REF}`],
  ['ssh', 'host', `server --key ${REF}`],
  ['ssh', '-p', '22', 'host', 'server', '--key', REF],
  ['ssh', '-i', 'key', 'host', `--key=${REF}`],
  ['ssh', '-o', `ProxyCommand=nc ${REF}`, 'host'],
  ['su', 'app', '-c', `server --key ${REF}`],
  ['script', '-qc', `server --key ${REF}`],
  ['flock', '/tmp/l', '-c', `server --key ${REF}`],
  ['watch', 'server', '--key', REF],
  ['nix-shell', '--run', `server --key ${REF}`],
  ['doppler', 'run', '--command', `server --key ${REF}`],
  ['unheard-of', `--exec=server --key ${REF}`],
  ['psql', '-c', `select '${REF}'`],
  ['cmd', '/c', 'npx', '-y', 'server', '--key', REF],
  ['cmd.exe', '/d', '/s', '/c', `npx server --key=${REF}`],
  ['powershell', '-Command', `server --key '${REF}'`],
  ['pwsh', '-NoProfile', '-c', 'server', '--key', REF],
  ['pwsh', '-NoProfile', '-Comm', `server --key "${REF}"`],
  ['wsl', 'server', '--key', REF],
];

describe('a secret in the text of a program', () => {
  for (const [command, ...args] of PROGRAMS)
    it(`is plain or is refused by its name: ${command} ${args.join(' ')}`, () => {
      for (const value of HOSTILE)
        assert.throws(
          () => fillTransport(stdio(command, args), set(value)),
          ({ message }: Error) => {
            assert.match(message, /the secret pw cannot stand in .*environment variable/);
            assert.ok(!message.includes('\n') && (value.length < 4 || !message.includes(value)));
            return true;
          },
          `${command} ${JSON.stringify(args)} took ${value}`,
        );
      for (const value of PLAIN) {
        const filled = fillTransport(stdio(command, args), set(value));
        assert.deepEqual(
          filled,
          stdio(
            command,
            args.map((each) => each.replaceAll(REF, value)),
          ),
        );
      }
    });

  it('is put in to the letter as an import brought it, until somebody sets the secret', () => {
    const record = stdio('sh', ['-c', "A='${secret:pw|as-imported}' npx server"]);
    const filled = fillTransport(record, () => ({ value: 'p&w #1', imported: true }));
    assert.deepEqual(filled, stdio('sh', ['-c', "A='p&w #1' npx server"]));
    assert.throws(() => fillTransport(record, set('p&w #1')), /the secret pw cannot stand in/);
  });

  it('is refused in a variable that a program carries out', () => {
    for (const name of ['GIT_SSH_COMMAND', 'PROMPT_COMMAND', 'NODE_OPTIONS', 'BASH_ENV', 'PERL5OPT', 'RUBYOPT'])
      assert.throws(() => fillTransport(stdio('x', [], { [name]: `a ${REF}` }), set('b; id')), /cannot stand in/, name);
  });
});

describe('a secret that is no part of a program', () => {
  const value = 'n&w#k/y "$HOME" $(id)';
  for (const [command, ...args] of [
    ['x', '--key', REF],
    ['sh', './start.sh', REF],
    ['sh', '-c', 'exec server --key "$1"', 'sh', REF],
    ['node', '/srv/server.mjs', '-e', REF],
    ['node', '--enable-source-maps', 'server.js', '--token', REF],
    ['python', '-m', 'server', '-c', REF],
    ['npx', '-y', '@acme/server', '--token', REF],
    ['docker', 'run', '-i', '-e', `TOKEN=${REF}`, 'image'],
    ['uvx', 'server', '-e', REF],
    ['env', `TOKEN=${REF}`, 'server'],
    ['pwsh', '-File', 'start.ps1', REF],
  ] as const)
    it(`stays as it is: ${command} ${args.join(' ')}`, () => {
      const filled = fillTransport(stdio(command, [...args]), set(value));
      assert.deepEqual(
        filled,
        stdio(
          command,
          args.map((each) => each.replaceAll(REF, value)),
        ),
      );
    });
});

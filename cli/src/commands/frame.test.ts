// What holds for every command: help, mistakes in words, colours, completion.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GATE_PROGRAM } from '../../../test/world/programs.ts';
import { runCommand } from '../../../test/world/command.ts';
import { nameMatcher } from './tools/tools.ts';

const configDir = mkdtempSync(join(tmpdir(), 'mg-frame-'));
after(() => rmSync(configDir, { recursive: true }));

const run = (...args: string[]) =>
  runCommand([process.execPath, GATE_PROGRAM, ...args], {
    env: { PATH: process.env['PATH'], HOME: configDir, MCPGATE_CONFIG_DIR: configDir },
  });

test('--help and --version are data on stdout and exit 0; the help has examples and every command', async () => {
  const help = await run('--help');
  assert.deepEqual([help.code, help.stderr], [0, '']);
  for (const name of [
    'login',
    'logout',
    'status',
    'install-clients',
    'serve',
    'tools',
    'call',
    'use',
    'daemon',
    'completion',
  ]) {
    assert.match(help.stdout, new RegExp(`^  ${name}\\b`, 'm'));
  }
  assert.match(help.stdout, /Examples:/);
  assert.ok(!help.stdout.includes('\u001b'));
  assert.match((await run('--version')).stdout, /^\d+\.\d+\.\d+/);
});

test('`daemon run` runs with those two words alone: help is help, and anything else a mistake in words', async () => {
  const bin = fileURLToPath(new URL('../../bin/mcpgate.cjs', import.meta.url));
  const env = { PATH: process.env['PATH'], HOME: configDir, MCPGATE_CONFIG_DIR: configDir };
  const help = await runCommand([process.execPath, bin, 'daemon', 'run', '--help'], { env });
  assert.deepEqual([help.code, help.stderr], [0, '']);
  assert.match(help.stdout, /Usage: mcpgate daemon run/);
  for (const word of ['--port=1', 'now']) {
    const { code, stderr } = await runCommand([process.execPath, bin, 'daemon', 'run', word], { env });
    assert.equal(code, 2, stderr);
    assert.match(stderr, /^mcpgate: (unknown option|too many arguments)/);
  }
});

test('mistakes in words exit 2 with a suggestion and nothing on stdout', async () => {
  for (const [args, says] of [
    [['lgin'], /unknown command 'lgin'[^]*Did you mean login/],
    [['login', '--jsn'], /unknown option '--jsn'[^]*--json/],
    [['call'], /missing required argument 'TOOL'/],
    [['daemon', 'strat'], /unknown command 'strat'/],
    [['lgin', '--help'], /unknown command 'lgin'[^]*Did you mean login/],
    [['help', 'lgin'], /unknown command 'lgin'[^]*Did you mean login/],
    [['daemon', 'strat', '-h'], /unknown command 'strat'/],
    [['completion', 'tcsh'], /bash, zsh, fish/],
  ] as const) {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
    assert.match(stderr, /^mcpgate: /);
    assert.equal(stdout, '');
  }
});

test('commands that need a login exit 3 and start no daemon', async () => {
  for (const args of [['tools'], ['call', 'x__y']]) {
    const { code, stdout, stderr } = await run(...args);
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /not logged in: run `mcpgate login/);
  }
  const { code, stdout } = await run('status', '--json');
  assert.equal(code, 3);
  const status: unknown = JSON.parse(stdout);
  assert.ok(typeof status === 'object' && status !== null);
  const keys = [
    'user',
    'broker',
    'workspace',
    'daemon',
    'tunnel',
    'servers',
    'accounts',
    'clients',
    'token',
    'profile',
  ];
  assert.deepEqual(Object.keys(status), keys);
  assert.match((await run('daemon', 'stop')).stderr, /not running/);
});

test('the bash completion is valid and knows subcommands and flags', async () => {
  const { stdout } = await run('completion', 'bash');
  const ask = (...words: string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${stdout}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _mcpgate; echo "\${COMPREPLY[@]}"`;
    // The profiles are asked of mcpgate itself.
    const own = `mcpgate() { '${process.execPath}' '${GATE_PROGRAM}' "$@"; }\n`;
    const env = { PATH: process.env['PATH'], HOME: configDir, MCPGATE_CONFIG_DIR: configDir };
    const { stdout: reply, stderr, status } = spawnSync('bash', ['-c', own + script], { encoding: 'utf8', env });
    assert.equal(status, 0, stderr);
    return reply.trim();
  };
  assert.equal(ask('mcpgate', 'logi'), 'login');
  assert.match(ask('mcpgate', 'daemon', ''), /run stop restart logs/);
  assert.match(ask('mcpgate', 'login', '--'), /--with-token .*--profile/);
  assert.match(ask('mcpgate', '--profile', 'work', 'daemon', ''), /run stop restart logs/);
  assert.equal(ask('mcpgate', 'use', 'def'), 'default');
  assert.equal(ask('mcpgate', 'status', '--profile', ''), 'default');
});

test('a pattern is a part of the name, or a glob over all of it', () => {
  assert.ok(nameMatcher('ISSUE')('github__create_issue'));
  assert.ok(nameMatcher('github__*')('github__create_issue'));
  assert.ok(!nameMatcher('git*issue')('github__create_issues'));
  assert.ok(!nameMatcher('a.b*')('axb'));
});

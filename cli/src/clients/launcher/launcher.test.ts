import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type LauncherDeps, writeLauncher } from './launcher.ts';
import { launcherCmd } from './launcher-cmd.ts';
import { runtimeCandidates } from './runtime-candidates.ts';

/** Says what it was started with. */
const REPORT = `console.log(JSON.stringify({ script: __filename, args: process.argv.slice(2), home: process.env.HOME, ppid: process.ppid,
  configDir: process.env.MCPGATE_CONFIG_DIR, runtimeDir: process.env.MCPGATE_RUNTIME_DIR }))`;

let home: string;
let deps: LauncherDeps;

function file(path: string, content = REPORT): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Starts the launcher as the barest of clients would: with no environment at all, through no shell. */
function start(path: string): { status: number | null; stderr: string; report: Record<string, unknown> } {
  const { status, stdout, stderr } = spawnSync(path, ['serve', 'a b', '$x'], { env: {}, encoding: 'utf8' });
  return { status, stderr, report: stdout === '' ? {} : JSON.parse(stdout) };
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "mcpgate it's $HOME "));
  deps = {
    platform: 'linux',
    homedir: home,
    env: {},
    configDir: join(home, '.config', 'mcpgate'),
    runtimeDir: join(home, '.config', 'mcpgate', 'run'),
    configDirIsDefault: true,
    runtimeDirIsDefault: true,
    nodePath: process.execPath,
    scriptPath: file(join(home, 'prefix', 'bin', 'mcpgate.cjs')),
  };
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the launcher', () => {
  it('starts mcpgate with an empty environment, and no shell stays in between', async () => {
    const { path, changed } = await writeLauncher(deps);
    assert.equal(changed, true);
    assert.equal(statSync(path).mode & 0o777, 0o755);
    const { status, stderr, report } = start(path);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(report, { script: deps.scriptPath, args: ['serve', 'a b', '$x'], home, ppid: process.pid });
  });

  it('passes on folders that are not the usual ones, unless the client says otherwise', async () => {
    const { path } = await writeLauncher({ ...deps, configDirIsDefault: false, runtimeDirIsDefault: false });
    const { report } = start(path);
    assert.equal(report['configDir'], deps.configDir);
    assert.equal(report['runtimeDir'], deps.runtimeDir);
    const other = spawnSync(path, [], { env: { MCPGATE_CONFIG_DIR: '/else' }, encoding: 'utf8' });
    assert.equal(JSON.parse(other.stdout).configDir, '/else');
  });

  it('is written once, and again only where it differs', async () => {
    const { path } = await writeLauncher(deps);
    assert.equal((await writeLauncher(deps)).changed, false);
    chmodSync(path, 0o600);
    assert.equal((await writeLauncher(deps)).changed, true);
    assert.equal(statSync(path).mode & 0o777, 0o755);
    assert.equal((await writeLauncher({ ...deps, scriptPath: '/new/mcpgate.cjs' })).changed, true);
  });

  it('finds the newest installation under nvm when Node and mcpgate have moved', async () => {
    const gone = join(home, '.nvm/versions/node/v22.15.0');
    const { path } = await writeLauncher({
      ...deps,
      nodePath: `${gone}/bin/node`,
      scriptPath: `${gone}/lib/mcpgate.cjs`,
    });
    for (const version of ['v9.11.2', 'v24.3.0', 'v24.21.0', 'v24.4.0', 'default']) {
      const prefix = join(home, '.nvm/versions/node', version);
      mkdirSync(join(prefix, 'bin'), { recursive: true });
      symlinkSync(process.execPath, join(prefix, 'bin/node'));
      file(join(prefix, 'lib/node_modules/mcpgate/bin/mcpgate.cjs'));
    }
    const { status, stderr, report } = start(path);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.equal(report['script'], join(home, '.nvm/versions/node/v24.21.0/lib/node_modules/mcpgate/bin/mcpgate.cjs'));
    assert.equal(report['ppid'], process.pid);
  });

  it('passes by a Node that is too old', async () => {
    const old = file(join(home, '.nvm/versions/node/v20.0.0/bin/node'), '#!/bin/sh\nexit 1\n');
    chmodSync(old, 0o755);
    const { path } = await writeLauncher({ ...deps, nodePath: '/gone/node' });
    const local = join(home, '.local/bin/node');
    mkdirSync(dirname(local), { recursive: true });
    symlinkSync(process.execPath, local);
    assert.equal(start(path).status, 0);
  });

  it('falls back to the command of a package manager, but never to itself', async () => {
    const { path } = await writeLauncher(deps);
    rmSync(deps.scriptPath);
    const command = join(home, '.local/bin/mcpgate');
    mkdirSync(dirname(command), { recursive: true });
    symlinkSync(path, command);
    const { status, stderr } = start(path);
    assert.equal(status, 1);
    assert.match(stderr, /not installed any more/);
    rmSync(command);
    file(command, `#!/usr/bin/env node\n${REPORT}`);
    chmodSync(command, 0o755);
    assert.deepEqual(start(path).report['args'], ['serve', 'a b', '$x']);
  });

  it('says in one line what to do where mcpgate is gone', async () => {
    const { path } = await writeLauncher(deps);
    rmSync(deps.scriptPath);
    const { status, stderr } = start(path);
    assert.equal(status, 1);
    assert.match(stderr, /^mcpgate: it is not installed any more .*npm install --global mcpgate.*\n$/);
  });

  it('prefers a stable path to a versioned folder', () => {
    const cellar = join(home, 'Cellar/node/24.1.0/bin/node');
    mkdirSync(dirname(cellar), { recursive: true });
    writeFileSync(cellar, '');
    const stable = join(home, '.local/bin/node');
    mkdirSync(dirname(stable), { recursive: true });
    symlinkSync(cellar, stable);
    assert.deepEqual(runtimeCandidates({ ...deps, nodePath: cellar }).nodes.slice(0, 2), [stable, cellar]);
  });

  it('is a .cmd on Windows, in the code page of its paths', () => {
    const text = launcherCmd({
      homedir: 'C:\\Users\\Zoë',
      variables: { MCPGATE_CONFIG_DIR: 'D:\\100%\\mcpgate' },
      candidates: runtimeCandidates({
        platform: 'win32',
        homedir: 'C:\\Users\\Zoë',
        env: {},
        nodePath: 'C:\\n\\node.exe',
        scriptPath: 'C:\\Users\\Zoë\\m.cjs',
      }),
    });
    assert.ok(text.startsWith('@echo off\r\n'));
    assert.ok(text.includes('chcp 65001 >nul\r\n'));
    assert.ok(text.includes('if not defined MCPGATE_CONFIG_DIR set "MCPGATE_CONFIG_DIR=D:\\100%%\\mcpgate"\r\n'));
    assert.ok(text.includes('if not defined MCPGATE_NODE if exist "C:\\Program Files\\nodejs\\node.exe" set'));
    assert.ok(text.endsWith('"%MCPGATE_NODE%" "%MCPGATE_SCRIPT%" %*\r\nexit /b %ERRORLEVEL%\r\n'));
  });

  it('is a script that every POSIX shell can read', async () => {
    const { path } = await writeLauncher(deps);
    assert.equal(spawnSync('/bin/sh', ['-n', path]).status, 0);
    assert.ok(!readFileSync(path, 'utf8').includes('\r'));
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfigDirCustom, resolvePaths } from './paths.ts';

const linux = { env: {}, platform: 'linux' as const, homedir: '/home/ada', uid: 1000, tmpdir: '/tmp' };

test('each platform has its own configuration folder, and the socket lies below it', () => {
  assert.equal(resolvePaths(linux).configDir, '/home/ada/.config/mcpgate');
  assert.equal(resolvePaths(linux).socketPath, '/home/ada/.config/mcpgate/run/daemon.sock');
  const mac = resolvePaths({ ...linux, platform: 'darwin', homedir: '/Users/ada' });
  assert.equal(mac.configDir, '/Users/ada/Library/Application Support/mcpgate');
  const windows = resolvePaths({
    ...linux,
    platform: 'win32',
    homedir: 'C:\\Users\\ada',
    uid: undefined,
    env: { APPDATA: 'C:\\R' },
  });
  assert.equal(windows.configDir, 'C:\\R\\mcpgate');
  assert.match(windows.socketPath, /^\\\\\.\\pipe\\mcpgate-[0-9a-f]{24}$/);
});

test('XDG_CONFIG_HOME counts only where it is absolute, and MCPGATE_CONFIG_DIR beats it', () => {
  assert.equal(resolvePaths({ ...linux, env: { XDG_CONFIG_HOME: '/x' } }).configDir, '/x/mcpgate');
  assert.equal(resolvePaths({ ...linux, env: { XDG_CONFIG_HOME: 'x' } }).configDir, '/home/ada/.config/mcpgate');
  const both = { ...linux, env: { XDG_CONFIG_HOME: '/x', MCPGATE_CONFIG_DIR: '/own' } };
  assert.deepEqual([resolvePaths(both).configDir, isConfigDirCustom(both)], ['/own', true]);
  assert.equal(isConfigDirCustom(linux), false);
  assert.equal(isConfigDirCustom({ env: { XDG_CONFIG_HOME: '/x' }, platform: 'darwin' }), false);
});

test('a path too long for a unix socket moves to a short folder of the same user', () => {
  const long = resolvePaths({ ...linux, homedir: `/home/${'a'.repeat(120)}` });
  assert.match(long.socketPath, /^\/tmp\/mcpgate-1000-[0-9a-f]{24}\/daemon\.sock$/);
});

test('no two profiles have one socket, also those whose names were looked for', () => {
  const configDir = `/home/ada/${'long-configuration-folder-'.repeat(4)}`;
  const socketOf = (profile: string) =>
    resolvePaths({ ...linux, env: { MCPGATE_CONFIG_DIR: configDir }, profileIn: () => profile }).socketPath;
  assert.notEqual(socketOf('p130zv9i'), socketOf('p1mvxqdo'), 'these two had one name of 32 bits');
  const onMac = { ...linux, platform: 'darwin' as const, tmpdir: `/var/folders/zz/${'z'.repeat(30)}/T` };
  const long = resolvePaths({ ...onMac, uid: 2_147_483, homedir: `/Users/${'a'.repeat(120)}` });
  assert.ok(long.socketPath.length <= 103, long.socketPath);
});

// A real keychain for one laptop: gnome-keyring under a D-Bus session of its own, in the laptop's HOME.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startCommand } from './command.ts';
import { until } from './until.ts';

export interface Keyring {
  /** What programs need to find it. */
  readonly env: Record<string, string>;
  stop(): Promise<void>;
}

/** Starts a keyring that keeps its files under `root`, unlocked with a password that nothing else knows. */
export async function startKeyring(root: string): Promise<Keyring> {
  const folder = join(root, 'keyring');
  for (const name of ['', 'data', 'config', 'cache', 'run']) mkdirSync(join(folder, name), { mode: 0o700 });
  const env: Record<string, string> = {
    HOME: folder,
    PATH: '/usr/bin:/bin',
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_RUNTIME_DIR: join(folder, 'run'),
  };
  const bus = startCommand(['dbus-daemon', '--session', '--nofork', '--print-address'], { env });
  const [address] = await bus.line(/^unix:.+/);
  const withBus = { ...env, DBUS_SESSION_BUS_ADDRESS: address };
  const daemon = spawn('gnome-keyring-daemon', ['--unlock', '--components=secrets', '--foreground'], {
    env: withBus,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  daemon.stdin.end('the password of the test keyring');
  const ended = new Promise<void>((resolve) => daemon.once('close', () => resolve()));
  await until('gnome-keyring on the bus', async () => {
    const words = [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.NameHasOwner',
    ];
    const asked = startCommand(['dbus-send', ...words, 'string:org.freedesktop.secrets'], { env: withBus });
    await asked.exited;
    return asked.output().includes('boolean true');
  });
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: address, MCPGATE_TOKEN_STORE: 'keychain' },
    async stop() {
      daemon.kill();
      await ended;
      await bus.stop();
    },
  };
}

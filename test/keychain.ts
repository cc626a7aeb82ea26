// A real keychain for a test file: gnome-keyring on a D-Bus session of its own, with HOME and XDG folders of its own, gone afterwards.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TestKeychain {
  /** Variables for children that are to use it; HOME and XDG folders too. */
  env: Record<string, string>;
  /** As a screen lock does: items can neither be read nor written. */
  lock(): void;
  /** The stored secrets of a service, with `secret-tool`. */
  secrets(service: string): string;
  stop(): Promise<void>;
}

const PASSWORD = 'a-test-keyring';
const UNLOCK = `eval "$(printf %s '${PASSWORD}' | gnome-keyring-daemon --unlock --components=secrets)" >/dev/null`;
/** Says where the bus is, then stays until stdin ends; the bus and the keyring end with it. */
const STAY = 'printf "%s\\n" "$DBUS_SESSION_BUS_ADDRESS"; exec cat';

/** Starts an unlocked keychain. Throws, saying what to install, where there is none. */
export async function startKeychain(): Promise<TestKeychain> {
  const { root, env } = home();
  const session = await startSession(['--'], `${UNLOCK}; ${STAY}`, env);
  const full = { ...env, DBUS_SESSION_BUS_ADDRESS: session.address };
  return {
    env: full,
    lock() {
      const collection = '/org/freedesktop/secrets/collection/login';
      const locked = spawnSync(
        'dbus-send',
        [
          ...['--session', '--print-reply', '--dest=org.freedesktop.secrets', '/org/freedesktop/secrets'],
          ...['org.freedesktop.Secret.Service.Lock', `array:objpath:${collection}`],
        ],
        { env: full, encoding: 'utf8' },
      );
      if (locked.status !== 0) throw new Error(`the keyring was not locked: ${locked.stderr}`);
    },
    secrets(service) {
      const found = spawnSync('secret-tool', ['search', '--all', 'service', service], { env: full, encoding: 'utf8' });
      return `${found.stdout}${found.stderr}`;
    },
    async stop() {
      await session.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A D-Bus session in which no keychain runs and none can be started. */
export async function startBusWithoutKeychain(): Promise<Pick<TestKeychain, 'env' | 'stop'>> {
  const { root, env } = home();
  const config = join(root, 'bus.conf');
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=${root}</listen><policy context="default">
<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`,
  );
  const session = await startSession([`--config-file=${config}`, '--'], STAY, env);
  return {
    env: { ...env, DBUS_SESSION_BUS_ADDRESS: session.address },
    async stop() {
      await session.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function home(): { root: string; env: Record<string, string> } {
  const root = mkdtempSync(join(tmpdir(), 'mg-keys-'));
  const folder = (name: string): string => {
    mkdirSync(join(root, name), { mode: 0o700 });
    return join(root, name);
  };
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: folder('home'),
    XDG_DATA_HOME: folder('data'),
    XDG_RUNTIME_DIR: folder('run'),
    XDG_CONFIG_HOME: folder('config'),
    XDG_CACHE_HOME: folder('cache'),
  };
  return { root, env };
}

async function startSession(
  busArguments: readonly string[],
  script: string,
  env: Record<string, string>,
): Promise<{ address: string; stop(): Promise<void> }> {
  const child: ChildProcess = spawn('dbus-run-session', [...busArguments, 'bash', '-c', script], {
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  if (child.stdout === null || child.stdin === null) throw new Error('the D-Bus session has no pipes');
  const failed = once(child, 'error').then(([error]: unknown[]) => {
    throw new Error('no D-Bus here: apt-get install gnome-keyring dbus libsecret-1-0 libsecret-tools', {
      cause: error,
    });
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the D-Bus session ended: apt-get install gnome-keyring dbus libsecret-1-0 libsecret-tools');
  });
  const first = once(createInterface({ input: child.stdout }), 'line').then(([line]: unknown[]) => String(line));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  ended.catch(() => undefined); // also when it is stopped
  const address = await Promise.race([first, failed, ended]);
  const { stdin } = child;
  return {
    address,
    async stop() {
      stdin.end();
      await gone;
    },
  };
}

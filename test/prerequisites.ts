// The programs of the operating system that the tests need: PostgreSQL, a keyring under D-Bus, Chromium, proxies. On Debian as root what is
// missing is installed; elsewhere the run fails and lists exactly what to install. Nothing is left out in silence.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { findChromium } from './world/browser/chromium.ts';

interface Prerequisite {
  what: string;
  /** What it is needed for, so that a person can judge whether to install it. */
  why: string;
  debianPackages: readonly string[];
  elsewhere: string;
  present: (path: string) => boolean;
}

function onPath(program: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const PREREQUISITES: readonly Prerequisite[] = [
  {
    what: 'PostgreSQL',
    why: 'the store’s suite and the whole story run on both real engines',
    debianPackages: ['postgresql'],
    elsewhere: 'PostgreSQL 15 or later with `initdb` and `postgres` on PATH (macOS: brew install postgresql)',
    present: (path) => onPath('initdb', path) || globSync('/usr/lib/postgresql/*/bin/initdb').length > 0,
  },
  {
    what: 'gnome-keyring, D-Bus, libsecret',
    why: 'the refresh token is kept in a real keychain',
    debianPackages: ['gnome-keyring', 'dbus', 'dbus-x11', 'libsecret-1-0', 'libsecret-tools'],
    elsewhere: 'gnome-keyring-daemon, dbus-run-session and secret-tool (a Linux machine or container)',
    present: (path) => ['gnome-keyring-daemon', 'dbus-run-session', 'secret-tool'].every((name) => onPath(name, path)),
  },
  {
    what: 'Chromium',
    why: 'the set-up, login and device pages are driven in a real browser',
    debianPackages: ['chromium-headless-shell'],
    elsewhere: 'Chromium at /usr/bin/chromium',
    present: () => findChromium() !== undefined,
  },
  {
    what: 'nginx, Caddy, tinyproxy, libnss_wrapper, OpenSSL',
    why: 'a company’s network: TLS ended in front of the broker, a forward proxy with credentials, a private authority',
    debianPackages: ['nginx', 'caddy', 'tinyproxy-bin', 'libnss-wrapper', 'openssl'],
    elsewhere:
      'nginx, caddy, tinyproxy, openssl on PATH, and libnss_wrapper.so below /usr/lib (a Linux machine or container)',
    present: (path) =>
      ['nginx', 'caddy', 'tinyproxy', 'openssl'].every((name) => onPath(name, path)) &&
      globSync('/usr/lib/*/libnss_wrapper.so').length > 0,
  },
  {
    what: 'Prometheus',
    why: 'the alert rules and the dashboard are checked, and evaluated over what a broker answers',
    debianPackages: ['prometheus'],
    elsewhere: 'prometheus and promtool on PATH',
    present: (path) => ['prometheus', 'promtool'].every((name) => onPath(name, path)),
  },
  {
    what: 'rsyslog with GnuTLS',
    why: 'the audit log is sent to a real syslog receiver, which is away and killed meanwhile',
    debianPackages: ['rsyslog', 'rsyslog-gnutls'],
    elsewhere: 'rsyslogd on PATH with its modules mmpstrucdata and lmnsd_gtls',
    present: (path) => onPath('rsyslogd', path) && globSync('/usr/lib/{*/,}rsyslog/lmnsd_gtls.so').length > 0,
  },
  {
    what: 'curl and jq',
    why: 'what other programs than ours make of an answer that comes early; the commands of docs/api.md',
    debianPackages: ['curl', 'jq'],
    elsewhere: 'curl and jq on PATH',
    present: (path) => ['curl', 'jq'].every((name) => onPath(name, path)),
  },
  {
    what: 'bubblewrap',
    why: 'a server that the broker starts is kept in a sandbox, and tries to get out',
    debianPackages: ['bubblewrap', 'util-linux'],
    elsewhere: 'bwrap, setpriv and prlimit on PATH (a Linux machine where root may make namespaces)',
    present: (path) => ['bwrap', 'setpriv', 'prlimit'].every((name) => onPath(name, path)),
  },
];

/** Runs apt-get with a line of progress for each package that it unpacks. Resolves to its exit code. */
function aptGet(args: readonly string[], write: (text: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn('apt-get', ['-y', '-q', ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let tail = '';
    const keep = (text: string) => {
      tail = (tail + text).slice(-4000);
      for (const line of text.split('\n')) if (line.startsWith('Setting up ')) write(`  ${line.slice(0, 100)}\n`);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.once('error', (error) => keep(error.message));
    child.once('close', (code) => {
      if (code !== 0) write(`${tail}\n`);
      resolve(code ?? 1);
    });
  });
}

/** Makes sure that everything is there; false where it is not to be had, after saying what to install. */
export async function ensurePrerequisites(write: (text: string) => void): Promise<boolean> {
  const path = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin${delimiter}/sbin`;
  const missing = () => PREREQUISITES.filter(({ present }) => !present(path));
  const absent = missing();
  if (absent.length === 0) return true;
  const packages = absent.flatMap(({ debianPackages }) => debianPackages);
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    write(`Installing ${absent.map(({ what }) => what).join(', ')} (apt-get install ${packages.join(' ')}) …\n`);
    await aptGet(['update'], write);
    await aptGet(['install', '--no-install-recommends', ...packages], write);
    if (missing().length === 0) return true;
  }
  write('The tests need programs that this machine does not have:\n');
  for (const { what, why, elsewhere, debianPackages } of missing()) {
    write(
      `  ✗ ${what}: ${why}\n      Debian, Ubuntu: sudo apt-get install ${debianPackages.join(' ')}\n      elsewhere: ${elsewhere}\n`,
    );
  }
  return false;
}

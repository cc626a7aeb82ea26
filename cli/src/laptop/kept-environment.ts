// At login, keeps variables of the shell that the daemon needs, such as proxies, because AI clients start the daemon with almost no environment.
import { existsSync } from 'node:fs';
import type { Environment, Settings } from './settings-file.ts';

/** The variables of a desktop session that a program needs to open a window. */
export const DESKTOP_VARIABLES = [
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'BROWSER',
] as const;

/** The names of the variables that are kept. */
const KEPT_VARIABLES: readonly string[] = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'],
  ...DESKTOP_VARIABLES,
  ...['XDG_CURRENT_DESKTOP', 'XDG_SESSION_TYPE', 'WSL_DISTRO_NAME'],
  'MCPGATE_DAEMON_IDLE_SECONDS',
];

/** The variables of `env` to keep. */
export function keptEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    KEPT_VARIABLES.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/**
 * `env` completed by the kept variables. Variables that are set in `env` win, even in the other case (`http_proxy`, `HTTP_PROXY`). A kept address
 * of the D-Bus session bus is left out if its socket is gone: it is from a session before a reboot.
 */
export function effectiveEnvironment(env: Environment, settings: Settings): Environment {
  const present = new Set(Object.keys(env).flatMap((name) => (env[name] === undefined ? [] : [name.toUpperCase()])));
  const kept = Object.entries(settings.environment ?? {}).filter(
    ([name, value]) => !present.has(name.toUpperCase()) && !(name === 'DBUS_SESSION_BUS_ADDRESS' && isGone(value)),
  );
  return { ...env, ...Object.fromEntries(kept) };
}

function isGone(busAddress: string): boolean {
  const socket = /^unix:path=([^,;]+)/.exec(busAddress)?.[1];
  return socket !== undefined && !existsSync(socket);
}

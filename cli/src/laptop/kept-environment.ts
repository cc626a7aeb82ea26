// Variables of the shell that logged in which the daemon needs and may not be given, because AI clients start it with next to none.
import { existsSync } from 'node:fs';
import type { Environment, Settings } from './settings-file.ts';

/** Of a desktop session: what a program needs to show something there. */
export const DESKTOP_VARIABLES = [
  'DBUS_SESSION_BUS_ADDRESS',
  'XDG_RUNTIME_DIR',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'BROWSER',
] as const;

/** Variables kept at login for the daemon. */
const KEPT_VARIABLES: readonly string[] = [
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'],
  ...DESKTOP_VARIABLES,
  ...['XDG_CURRENT_DESKTOP', 'XDG_SESSION_TYPE', 'WSL_DISTRO_NAME'],
  'MCPGATE_DAEMON_IDLE_SECONDS',
];

/** The variables of `env` that the daemon will need and may not be given. */
export function keptEnvironment(env: Environment): Record<string, string> {
  return Object.fromEntries(
    KEPT_VARIABLES.flatMap((name): [string, string][] => {
      const value = env[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

/**
 * `env` completed by what was kept at login. What is set now wins, also where it is spelled in the other case. A kept bus address whose
 * socket is gone is of a session before the reboot.
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

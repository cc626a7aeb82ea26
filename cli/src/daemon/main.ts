// The entry of the daemon (`mcpgate daemon run`): starts it with the real clock, environment and log.
import { hostname } from 'node:os';
import { systemClock } from 'mcpgate-shared/clock';
import { toGateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import { createTokenSource, GRANT_REMEDY, type TokenSource } from '../auth/token-source.ts';
import { DESKTOP_VARIABLES, effectiveEnvironment } from '../laptop/kept-environment.ts';
import { readSettings } from '../laptop/settings-file.ts';
import { systemPaths, type Paths } from '../laptop/paths.ts';
import { requireProfile } from '../laptop/profile.ts';
import { createDaemonLog } from './daemon-log.ts';
import { startDaemon } from './daemon.ts';
import { socketOptions } from './socket-options.ts';

const IDLE_DEFAULT_S = 600;

const { env } = process;
const log = createDaemonLog(process.stderr, env['MCPGATE_LOG'], Date.now);
const paths = ownPaths();

const grantSource = (broker: string, token: string): TokenSource => ({
  broker,
  token: () => Promise.resolve({ kind: 'token', token, expiresAt: null, remedy: GRANT_REMEDY }),
});
// These variables belong to the AI client that started the daemon. The stored login is the one in config.json.
const { MCPGATE_TOKEN: _token, MCPGATE_BROKER: _broker, ...storedLoginEnv } = env;
const keptEnv = () => effectiveEnvironment(storedLoginEnv, readSettings(paths.profileDir));

/** `daemon run` and `daemon run --profile NAME` are all that leads here. */
function ownPaths(): Paths {
  try {
    const own = systemPaths(env, process.argv[5]);
    requireProfile(own);
    return own;
  } catch (error) {
    log.error(toGateError(error).message);
    process.exit(2);
  }
}

try {
  const idleS = Number(effectiveEnvironment(env, readSettings(paths.profileDir))['MCPGATE_DAEMON_IDLE_SECONDS']);
  const started = await startDaemon({
    paths,
    clock: systemClock,
    random: Math.random,
    log,
    idleMs: (Number.isFinite(idleS) && idleS > 0 ? idleS : IDLE_DEFAULT_S) * 1000,
    tokenSource: (grant) =>
      grant
        ? grantSource(grant.broker, grant.token)
        : createTokenSource({
            configDir: paths.profileDir,
            profile: paths.profile,
            env: storedLoginEnv,
            clock: systemClock,
            log: (line) => log.info(line),
          }),
    socketOptions: (broker) => socketOptions(broker, { configDir: paths.profileDir, env }),
    login: {
      async begin(interrupted) {
        const { beginBackgroundLogin } = await import('../auth/background-login.ts');
        const { platform } = process;
        const { profileDir: configDir, profile } = paths;
        const host = { configDir, profile, env: keptEnv(), hostname: hostname(), platform, clock: systemClock };
        return beginBackgroundLogin({ ...host, log: (line) => log.info(line) }, interrupted);
      },
      async browser() {
        const { createBrowser } = await import('../laptop/browser.ts');
        // A browser inherits the environment of this process, so the variables of the desktop are set here. Proxy variables are not, because the
        // next login may have others.
        const kept = keptEnv();
        for (const name of DESKTOP_VARIABLES) if (kept[name] !== undefined) env[name] = kept[name];
        return createBrowser(env, process.platform);
      },
    },
    // Waits until the last bytes are sent, then ends the process even if something still keeps it alive.
    onEnd: () => setTimeout(() => process.exit(0), 200),
  });
  if (started.kind === 'taken') {
    log.info('another daemon is running');
  } else {
    log.info(`daemon ${VERSION} listens at ${paths.socketPath}`);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, started.stop);
  }
} catch (error) {
  log.error(toGateError(error).message);
  process.exitCode = 1;
}

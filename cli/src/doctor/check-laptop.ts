// The checks of `mcpgate doctor` on this machine: the stored login and its token, the folder of the local socket, the daemon and its link, the AI
// clients.
import { lstatSync } from 'node:fs';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { VERSION } from 'mcpgate-shared/version';
import { parseBrokerUrl } from '../auth/broker-url.ts';
import { storedLogin, type StoredLogin } from '../auth/stored-login.ts';
import { whoami } from '../auth/whoami.ts';
import { listClients } from '../clients/list-clients.ts';
import type { CliContext } from '../context.ts';
import { bad, good, warning, type Finding } from './finding.ts';

export async function checkToken(context: CliContext): Promise<Finding[]> {
  const { env } = context;
  const login = storedLogin(context.settings.read());
  const { MCPGATE_TOKEN: grant = '' } = env;
  if (grant !== '') return [await ofEnvironment(grant, env['MCPGATE_BROKER'] || login?.address.broker, context)];
  if (login === undefined) return [bad('token', new GateError('not_logged_in', 'not logged in: run `mcpgate login`'))];
  const store = context.openCredentials(login.tokenStore);
  try {
    await store.probe();
    return [good(store.kind, `${store.where} can be written`), await stored(login, context)];
  } catch (error) {
    return [bad(store.kind, error)];
  }
}

async function ofEnvironment(grant: string, broker: string | undefined, { fetch }: CliContext): Promise<Finding> {
  const told = 'a grant, from MCPGATE_TOKEN';
  if (broker === undefined)
    return bad('token', new GateError('usage', 'MCPGATE_TOKEN is set, but no broker: set MCPGATE_BROKER too'));
  try {
    const { user } = await whoami(parseBrokerUrl(broker), grant, fetch);
    return good('token', `${told}: ${user}`);
  } catch (error) {
    // The network has a check of its own.
    if (['unreachable', 'untrusted', 'protocol'].includes(toGateError(error).code)) return good('token', told);
    return bad('token', error);
  }
}

async function stored(login: StoredLogin, context: CliContext): Promise<Finding> {
  const { address, user, tokenStore } = login;
  if ((await context.openCredentials(tokenStore).read(address)) !== null)
    return good('token', `${user} at ${address.broker}`);
  const message = `the token of ${user} at ${address.broker} is gone: run \`mcpgate login\``;
  return bad('token', new GateError('not_logged_in', message));
}

export async function checkDaemon(context: CliContext): Promise<Finding[]> {
  try {
    const connection = await context.connectDaemon({ spawn: false });
    try {
      const { pid, version, link } = await connection.status();
      const runs =
        version === VERSION
          ? good('daemon', `runs, pid ${pid}`)
          : warning('daemon', `is version ${version}, this is ${VERSION}: run \`mcpgate daemon restart\``, {
              kind: 'restart_daemon',
            });
      if (link.state === 'open') return [runs, good('tunnel', 'open')];
      const ended = link.state === 'login_needed' || link.state === 'revoked';
      if (ended) return [runs, bad('tunnel', new GateError('not_logged_in', link.message ?? 'run `mcpgate login`'))];
      return [runs, warning('tunnel', link.message ?? 'not connected: nothing needs it now')];
    } finally {
      connection.close();
    }
  } catch (error) {
    if (toGateError(error).code !== 'unreachable') return [bad('daemon', error)];
    return [good('daemon', 'does not run; the first AI client starts it')];
  }
}

/** Checks the folder of the local socket. Not needed on Windows, where the named pipe belongs to the user. */
export function checkFolder({ platform, paths: { runtimeDir } }: Pick<CliContext, 'platform' | 'paths'>): Finding[] {
  if (platform === 'win32') return [];
  const found = lstatSync(runtimeDir, { throwIfNoEntry: false });
  if (found === undefined) return [good('folder', `${runtimeDir} is made when it is needed`)];
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    const message = `${runtimeDir} is not a folder of yours: remove it, or set MCPGATE_RUNTIME_DIR to one`;
    return [bad('folder', new GateError('untrusted', message))];
  }
  if ((found.mode & 0o077) === 0) return [good('folder', `${runtimeDir} is yours alone`)];
  const advice = 'it is closed to them now; find out who opened it';
  return [warning('folder', `${runtimeDir} could be opened by others: ${advice}`)];
}

export async function checkClients(context: CliContext): Promise<Finding[]> {
  const found = (await listClients(context)).filter((client) => client.found);
  if (found.length === 0) return [warning('clients', 'no AI client was found here')];
  return found.map(({ title, path, configured, error, name }) => {
    if (error !== null)
      return bad(title, new GateError('client_file', error.includes(path) ? error : `${path}: ${error}`));
    return configured
      ? good(title, path)
      : warning(title, `does not use mcpgate yet: run \`mcpgate install-clients ${name}\``, {
          kind: 'install_client',
          client: name,
        });
  });
}

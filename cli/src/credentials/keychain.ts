// The OS keychain as a credential store. Every operation runs in a child process with a deadline, because the keychain library can wait for ever
// for a prompt and block its process.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GateError } from 'mcpgate-shared/error';
import { DEFAULT_PROFILE } from '../laptop/profile.ts';
import type { Environment } from '../laptop/settings-file.ts';
import { accountOf, parseCredential, serializeCredential, type CredentialStore } from './credential-store.ts';
import { keychainError, keychainTimeout } from './keychain-error.ts';
import { guardKeychainAnswer, type KeychainAnswer, type KeychainRequest } from './keychain-protocol.ts';

/** The deadline in the daemon, where no person may be there to answer a prompt. */
export const BACKGROUND_TIMEOUT_MS = 2_000;
/** The deadline in commands, where a person may have to type the keychain's password. */
export const PROMPT_TIMEOUT_MS = 60_000;

/** The most bytes that Windows stores in one item. */
const MAX_ITEM_BYTES = 2_560;

/** Each profile has items of its own, so that two people's logins at one broker do not meet. */
export function createKeychain(options: { profile: string; env: Environment; timeoutMs: number }): CredentialStore {
  const { env, timeoutMs } = options;
  const profile = options.profile === DEFAULT_PROFILE ? undefined : options.profile;
  const ask = async (request: KeychainRequest): Promise<Extract<KeychainAnswer, { ok: true }>> => {
    const answer = await askChild(request, busEnvironment(env), timeoutMs);
    if (!answer.ok) throw keychainError(answer.error);
    return answer;
  };
  return {
    kind: 'keychain',
    where: 'the keychain',
    async probe() {
      await ask({ op: 'probe' });
    },
    async read(address) {
      const { value } = await ask({ op: 'read', account: accountOf(address, profile) });
      return value === null ? null : parseCredential(value);
    },
    async write(address, credential) {
      await ask({ op: 'write', account: accountOf(address, profile), value: fitting(serializeCredential(credential)) });
    },
    async replace(address, expected, next) {
      const value = fitting(serializeCredential(next));
      const request = { account: accountOf(address, profile), expected: serializeCredential(expected), value };
      return (await ask({ op: 'replace', ...request })).done === true;
    },
    async remove(address) {
      return (await ask({ op: 'remove', account: accountOf(address, profile) })).done === true;
    },
  };
}

function fitting(value: string): string {
  const bytes = Buffer.byteLength(value, 'utf16le');
  if (process.platform !== 'win32' || bytes <= MAX_ITEM_BYTES) return value;
  const advice = 'keep the token in a file with MCPGATE_TOKEN_STORE=file';
  throw new GateError('keychain', `the token has ${bytes} bytes, Windows stores at most ${MAX_ITEM_BYTES}: ${advice}`);
}

/** The environment with the address of the D-Bus session bus, found in its usual folder, because AI clients start the daemon without it. */
function busEnvironment(env: Environment): Environment {
  if (process.platform !== 'linux' || process.getuid === undefined) return env;
  if ((env['DBUS_SESSION_BUS_ADDRESS'] ?? '') !== '') return env;
  const bus = join(env['XDG_RUNTIME_DIR'] ?? `/run/user/${process.getuid()}`, 'bus');
  return existsSync(bus) ? { ...env, DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus}` } : env;
}

/** The arguments that start the child: from sources the file beside this one, in the bundle a command of bin/mcpgate.cjs. */
function childArguments(): string[] {
  if (import.meta.url.endsWith('.ts')) return [fileURLToPath(new URL('./keychain-child.ts', import.meta.url))];
  return [fileURLToPath(new URL('../bin/mcpgate.cjs', import.meta.url)), 'keychain-child'];
}

function askChild(request: KeychainRequest, env: Environment, timeoutMs: number): Promise<KeychainAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, childArguments(), {
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    let stdout = '';
    let stderr = '';
    const deadline = setTimeout(() => {
      reject(keychainTimeout(timeoutMs));
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr = (stderr + chunk).slice(-4_096)));
    child.on('error', (error) => {
      clearTimeout(deadline);
      reject(
        new GateError('keychain', `the keychain's helper process did not start: ${error.message}`, { cause: error }),
      );
    });
    child.on('close', () => {
      clearTimeout(deadline);
      const answer = parseAnswer(stdout);
      if (answer !== undefined) resolve(answer);
      // The child crashed before it could answer. The last line of its stderr says why; the secret, which came on stdin, is never in it.
      else reject(keychainError(stderr.trim().split('\n').at(-1) || 'its helper process died'));
    });
    // The child ended before it read its request; 'close' handles that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(request));
  });
}

function parseAnswer(stdout: string): KeychainAnswer | undefined {
  try {
    return guardKeychainAnswer(JSON.parse(stdout));
  } catch {
    return undefined;
  }
}

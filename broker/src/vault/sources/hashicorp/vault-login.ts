// The broker's own token at a HashiCorp Vault: from a file or the environment, or by logging in (AppRole, Kubernetes). It is renewed ahead of its end;
// where it can be renewed no more, the broker logs in again.
import { readFile } from 'node:fs/promises';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import { z } from 'zod';
import type { HashicorpSettings } from '../../../config/source-settings.ts';
import { saying, type AskVault } from './ask-vault.ts';

/** Of its time, after which a token is renewed. */
const RENEW_AT = 2 / 3;
const RENEW_AGAIN_AFTER_MS = 10_000;

export interface VaultLogin {
  /** Logs in where that has not been done. Throws `unavailable`. */
  token(): Promise<string>;
  /** Vault does not take this token. True: the next one may be another. */
  refused(token: string): boolean;
  close(): void;
}

interface Held {
  token: string;
  /** Infinity: for ever. */
  endsAt: number;
  isRenewable: boolean;
}

const AuthSchema = z.object({
  auth: z.object({ client_token: z.string().min(1), lease_duration: z.number(), renewable: z.boolean() }),
});
const LookupSchema = z.object({ data: z.object({ ttl: z.number(), renewable: z.boolean().default(false) }) });

export function createVaultLogin(
  settings: HashicorpSettings,
  parts: { ask: AskVault; clock: Clock; env: Readonly<Record<string, string | undefined>> },
): VaultLogin {
  const { ask, clock, env } = parts;
  const { login, authMount } = settings;
  let held: Held | undefined;
  let underWay: Promise<Held> | undefined;
  let cancelRenewal: () => void = () => undefined;
  let isClosed = false;

  function hold(token: string, ttlS: number, isRenewable: boolean): Held {
    held = { token, endsAt: ttlS > 0 ? clock.now() + ttlS * 1000 : Infinity, isRenewable };
    renewLater(held, ttlS * 1000 * RENEW_AT);
    return held;
  }

  function renewLater(mine: Held, afterMs: number): void {
    cancelRenewal();
    if (mine.endsAt === Infinity || !mine.isRenewable || isClosed) return;
    cancelRenewal = clock.after(afterMs, () => void renew(mine));
  }

  /** What keeps it from being renewed is said by the next read, which logs in again once the token has ended. */
  async function renew(mine: Held): Promise<void> {
    let renewed: z.output<typeof AuthSchema>['auth'] | undefined;
    try {
      const answer = await ask({ method: 'POST', path: 'auth/token/renew-self', token: mine.token, body: {} });
      if (answer.kind === 'data') renewed = understood(AuthSchema, answer.body).auth;
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      if (held === mine) renewLater(mine, RENEW_AGAIN_AFTER_MS);
      return;
    }
    if (held !== mine || isClosed) return;
    if (renewed === undefined) held = undefined;
    else hold(mine.token, renewed.lease_duration, renewed.renewable);
  }

  async function begin(): Promise<Held> {
    if (login.method === 'token') {
      const token = await secretOf('vault.token_file', login.tokenFile, 'VAULT_TOKEN');
      const answer = await ask({ method: 'GET', path: 'auth/token/lookup-self', token });
      // A token may do its work without being allowed to look itself up: how long it lasts is not known then.
      const known = answer.kind === 'data' ? understood(LookupSchema, answer.body).data : { ttl: 0, renewable: false };
      return hold(token, known.ttl, known.renewable);
    }
    const body =
      login.method === 'approle'
        ? {
            role_id: login.roleId,
            secret_id: await secretOf('vault.secret_id_file', login.secretIdFile, 'VAULT_SECRET_ID'),
          }
        : { role: login.role, jwt: await secretOf('vault.jwt_file', login.jwtFile) };
    const answer = await ask({ method: 'POST', path: `auth/${encodePath(authMount)}/login`, body });
    if (answer.kind !== 'data') {
      const { address } = settings;
      const text = `Vault at ${address} refuses the login by ${login.method} at auth/${authMount}${saying(answer.errors)}: check vault.* of the broker's configuration and the role in Vault`;
      throw new GateError('unavailable', text);
    }
    const { auth } = understood(AuthSchema, answer.body);
    return hold(auth.client_token, auth.lease_duration, auth.renewable);
  }

  function understood<T>(schema: z.ZodType<T>, body: unknown): T {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new GateError('unavailable', `what answers at ${settings.address} is no Vault`);
  }

  async function secretOf(key: string, file: string | undefined, variable?: string): Promise<string> {
    try {
      const text = file === undefined ? (env[variable ?? ''] ?? '') : await readFile(file, 'utf8');
      if (text.trim() !== '') return text.trim();
    } catch (error) {
      throw new GateError('unavailable', `${key}: ${file} cannot be read: ${fileFault(error)}`, { cause: error });
    }
    const where = file === undefined ? `neither ${key} nor ${variable} of the environment says it` : `${file} is empty`;
    throw new GateError('unavailable', `${key}: ${where}`);
  }

  return {
    async token() {
      if (held !== undefined && clock.now() < held.endsAt) return held.token;
      underWay ??= begin().finally(() => (underWay = undefined));
      return (await underWay).token;
    },
    refused(token) {
      if (held?.token !== token) return true;
      cancelRenewal();
      held = undefined;
      // The file may hold another one by now; the environment cannot.
      return login.method !== 'token' || login.tokenFile !== undefined;
    },
    close() {
      isClosed = true;
      cancelRenewal();
    },
  };
}

/** Each part of a path for itself. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

// For tests: identity on a real SQLite store, vault and audit log, its OAuth server on a real HTTP port, and a device that logs in.
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from 'mcpgate-shared/clock';
import { pino } from 'pino';
import { z } from 'zod';
import type { Audit } from '../audit/audit.ts';
import { createAudit } from '../audit/create-audit.ts';
import { createGuardedFetch, type GuardedFetch } from '../net/guarded-fetch.ts';
import type { IdpSettings } from '../domain/idp-settings.ts';
import { openStore } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';
import { createVault } from '../vault/create-vault.ts';
import { loadMasterKey } from '../vault/master-key.ts';
import { createIdentity } from './create-identity.ts';
import type { Identity } from './identity.ts';
import type { ForwardedSettings } from './idp/forwarded-people.ts';

export const HOST = { name: 'host:root', address: null };
export const WORKSPACE = 'default';
const DEVICE_GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';

const AnswerSchema = z.looseObject({
  error: z.string().optional(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  id_token: z.string().optional(),
  device_code: z.string().optional(),
  user_code: z.string().optional(),
});
export type Answer = z.output<typeof AnswerSchema> & { status: number };

export type IdentityWorld = Awaited<ReturnType<typeof createIdentityWorld>>;

export interface WorldOptions {
  /** What answers requests that are not the OAuth server's. */
  serve?: (world: {
    identity: Identity;
    audit: Audit;
    publicUrl: string;
  }) => Promise<(request: IncomingMessage, response: ServerResponse) => void>;
  publicUrl?: string;
  idp?: IdpSettings;
  forwarded?: ForwardedSettings;
  localAccounts?: boolean;
  guardedFetch?: GuardedFetch;
  allowedOrigins?: readonly string[];
}

export async function createIdentityWorld({
  serve,
  publicUrl: givenUrl,
  guardedFetch,
  allowedOrigins = [],
  idp,
  forwarded,
  localAccounts,
}: WorldOptions = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'mcpgate-identity-'));
  const logLines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logLines.push(line) });
  const clock = systemClock;
  const store = await openStore({ dataDir, log, clock });
  const vault = await createVault({ store, masterKey: loadMasterKey({ dataDir }), clock });
  const audit = createAudit({ store, clock, writerId: 'test', log });

  let handler: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    void response.writeHead(503).end();
  const server = createServer((request, response) => handler(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const origin = `http://127.0.0.1:${address.port}`;
  const publicUrl = givenUrl ?? origin;
  const createReplica = (over: Store) =>
    createIdentity({
      store: over,
      vault,
      audit,
      publicUrl,
      clock,
      log,
      allowedOrigins,
      idp,
      forwarded,
      localAccounts,
      guardedFetch: guardedFetch ?? createGuardedFetch({ allowHosts: [] }),
    });
  const identity = await createReplica(store);
  const other = await serve?.({ identity, audit, publicUrl });
  handler = (request, response) => {
    const isOAuth = /^\/(oauth\/(?!idp\/)|\.well-known\/)/.test(request.url ?? '');
    if (isOAuth || other === undefined) identity.oauth(request, response);
    else other(request, response);
  };

  const replicas: { close: () => void }[] = [];
  const post = async (path: string, form: Record<string, string>, at = origin): Promise<Answer> => {
    const response = await fetch(`${at}${path}`, { method: 'POST', body: new URLSearchParams(form) });
    const text = await response.text();
    return { ...AnswerSchema.parse(text === '' ? {} : JSON.parse(text)), status: response.status };
  };

  let people = 0;

  /** A laptop with its device key, as the CLI behaves. */
  const device = (name = 'ada-laptop') => {
    const key = randomBytes(32);
    return {
      start: (extra: Record<string, string> = {}) =>
        post('/oauth/device_authorization', {
          client_id: 'mcpgate-cli',
          scope: 'openid offline_access',
          resource: `${publicUrl}/v1/tunnel`,
          device_name: name,
          device_platform: 'linux',
          device_proof: createHmac('sha256', key).update(publicUrl).digest('base64url'),
          ...extra,
        }),
      poll: (deviceCode: string | undefined) =>
        post('/oauth/token', {
          grant_type: DEVICE_GRANT_TYPE,
          client_id: 'mcpgate-cli',
          device_code: deviceCode ?? '',
        }),
      refresh: (refreshToken: string | undefined, at?: string) =>
        post(
          '/oauth/token',
          {
            grant_type: 'refresh_token',
            client_id: 'mcpgate-cli',
            refresh_token: refreshToken ?? '',
            retry_proof: createHmac('sha256', key)
              .update(refreshToken ?? '')
              .digest('base64url'),
          },
          at,
        ),
    };
  };

  return {
    identity,
    store,
    vault,
    audit,
    origin,
    publicUrl,
    logLines,
    /** Every byte of the database, as text. */
    databaseText: (): string =>
      readdirSync(dataDir)
        .filter((name) => name.startsWith('mcpgate.db'))
        .map((name) => readFileSync(join(dataDir, name), 'latin1'))
        .join(''),
    post,
    device,
    /** Another broker of this address over the same database, or over `over`; where its OAuth server is. */
    async replica(over: Store = store): Promise<string> {
      const other = await createReplica(over);
      const front = createServer((request, response) => other.oauth(request, response));
      await once(front.listen(0, '127.0.0.1'), 'listening');
      replicas.push({
        close() {
          other.close();
          front.closeAllConnections();
          front.close();
        },
      });
      const bound = front.address();
      if (bound === null || typeof bound === 'string') throw new Error('the replica has no port');
      return `http://127.0.0.1:${bound.port}`;
    },
    /** Somebody who was not there yet; the name. */
    async addUser(): Promise<string> {
      const { name } = await identity.users.add(WORKSPACE, { name: `user${++people}` }, HOST);
      return name;
    },
    /** A whole device login of a person, approved on the host. */
    async logIn(userName: string, laptop = device()) {
      const started = await laptop.start();
      const approved = await identity.approveDevice(WORKSPACE, started.user_code ?? '', userName, HOST);
      return { laptop, tokens: await laptop.poll(started.device_code), deviceId: approved.id };
    },
    async events(type: string) {
      await audit.flush();
      return audit.searchEvents({ workspaceId: WORKSPACE, type, limit: 100 });
    },
    async close() {
      for (const each of replicas) each.close();
      identity.close();
      server.closeAllConnections();
      server.close();
      await audit.flush();
      await store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

// The tokens of a client itself, where nobody logs in: had by its secret, its key, or what a workload's platform signs for it. They are kept in memory
// alone, as any broker can have new ones whenever it wants, and are fetched again ahead of their end. Nothing rotates, so brokers need not agree. They
// end with the record that they were fetched for, at each broker, and at their provider where it ends tokens on request.
import { createPrivateKey } from 'node:crypto';
import { GateError } from 'mcpgate-shared/error';
import { isSecretReference, referencesIn } from 'mcpgate-shared/values/secret-reference';
import type { Clock } from 'mcpgate-shared/clock';
import { importPKCS8 } from 'jose';
import type { BaseLogger } from 'pino';
import {
  type AuthorizationServer,
  type ClientAuth,
  ClientSecretPost,
  genericTokenEndpointRequest,
  None,
  PrivateKeyJwt,
  processGenericTokenEndpointResponse,
  processRevocationResponse,
  revocationRequest,
  type TokenEndpointResponse,
} from 'oauth4webapi';
import type { OAuthForm } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { targetOf } from '../../domain/transports/transports.ts';
import type { GuardedFetch } from '../../net/guarded-fetch.ts';
import type { Vault } from '../../vault/vault.ts';
import type { Challenge, ClientAttempt, TokenAnswer } from '../accounts.ts';
import { basicProof } from './client-identity.ts';
import { discover } from './discovery.ts';
import { aboutServer, explain, oauthErrorOf, oauthFetch } from './guarded.ts';
import { oddKind, tokensOf, urlOf } from './login.ts';

type MachineForm = OAuthForm & Required<Pick<OAuthForm, 'grant' | 'clientId' | 'clientSecret'>>;
type MachineServer = ServerRecord & { account: MachineForm };

const AHEAD_MS = 60_000;
/** What an authorization server says where it does not take what a client proves itself with. */
const NOT_TAKEN: ReadonlySet<string> = new Set(['invalid_client', 'unauthorized_client', 'invalid_grant']);
/** One that is refused so soon is no stale one. */
const FRESH_MS = 5_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Nobody who changes a record waits longer for a provider. */
const END_WAIT_MS = 5_000;
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

interface Held {
  server: MachineServer;
  /** Who gave it. */
  at: AuthorizationServer;
  /** Of the record as it was: what is in it decides whose tokens they are. */
  of: string;
  value: string;
  fetchedAt: number;
  expiresAt: number | null;
}

export interface MachineTokens {
  /** Throws GateError where there is none. */
  token(server: MachineServer): TokenAnswer | Promise<TokenAnswer>;
  /** Another token to try once; undefined: it would be refused like this one. */
  refused(server: MachineServer, token: string, challenge: Challenge): Promise<TokenAnswer | undefined>;
  /** Ends what was fetched for records that are not there any more, disabled, or others by now. `list`: the records of a workspace. */
  settle(list: (workspaceId: string) => Promise<readonly ServerRecord[]>): Promise<void>;
  /** What comes of the server's secret being this one, which nothing else uses. Throws GateError where that is not found out. */
  attempt(server: MachineServer, secret: string): Promise<ClientAttempt>;
  /** The secret has another value: what was had by the one before is not given any more. */
  secretChanged(secret: { workspaceId: string; name: string }): void;
}

export function isOfMachine(server: ServerRecord): server is MachineServer {
  return server.credential === 'shared' && server.account?.kind === 'oauth' && server.account.grant !== undefined;
}

export function createMachineTokens(parts: {
  vault: Pick<Vault, 'resolve'>;
  clock: Clock;
  log: Pick<BaseLogger, 'warn'>;
  guardedFetch: GuardedFetch;
  /** From 0 to 1. */
  random: () => number;
}): MachineTokens {
  const { vault, clock, log, guardedFetch, random } = parts;
  const held = new Map<string, Held>();
  const underWay = new Map<string, { server: MachineServer; run: Promise<Held> }>();
  const pauses = new Map<string, { failures: number; until: number; error: GateError }>();
  /** How often each secret has changed. */
  const changes = new Map<string, number>();
  const changesOf = (workspaceId: string, name: string): number => changes.get(`${workspaceId} ${name}`) ?? 0;
  const keyOf = ({ id, workspaceId, transport, account }: MachineServer): string => {
    const secrets = referencesIn(account.clientSecret).map(({ name }) => changesOf(workspaceId, name));
    return JSON.stringify([id, targetOf(transport), account, secrets]);
  };
  const answerOf = ({ value }: Held): TokenAnswer => ({ kind: 'token', value });

  async function ask(server: MachineServer): Promise<Held> {
    const of = keyOf(server);
    const fresh = { of, ...(await fetchWith(server)) };
    const before = held.get(server.id);
    held.set(server.id, fresh);
    if (before !== undefined && before.of !== of) void end(before);
    return fresh;
  }

  /** At its provider; what comes of that is only for the log. */
  async function end({ server, at, value }: Held): Promise<void> {
    const { host } = new URL(at.issuer);
    try {
      if (at.revocation_endpoint === undefined) throw new GateError('upstream', `${host} ends no tokens on request`);
      const { account: form, workspaceId } = server;
      const isAssertion = form.grant === 'jwt_bearer';
      const proof = isAssertion
        ? None()
        : await proofOf(at, (await vault.resolve(workspaceId, form.clientSecret)).value);
      const options = oauthFetch(guardedFetch, urlOf(server).hostname);
      const more = { ...options, additionalParameters: { token_type_hint: 'access_token' } };
      const response = await revocationRequest(at, { client_id: form.clientId }, proof, value, more);
      await processRevocationResponse(response);
    } catch (error) {
      const why = explain(error, host).message;
      log.warn({ server: server.name, why }, 'a token of the broker’s client is good at its provider until it ends');
    }
  }

  /** Those that `isCurrent` does not hold for, ended within the time that somebody waits for it. */
  async function endWhere(isCurrent: (key: string) => boolean): Promise<void> {
    const gone = [...held.values()].filter(({ of }) => !isCurrent(of));
    for (const { server } of gone) held.delete(server.id);
    let cancel: () => void = () => undefined;
    const late = new Promise<void>((resolve) => void (cancel = clock.after(END_WAIT_MS, resolve)));
    await Promise.race([Promise.all(gone.map((each) => end(each))), late]);
    cancel();
  }

  async function fetchWith(server: MachineServer, tried?: string): Promise<Omit<Held, 'of'>> {
    const { account: form, name, workspaceId } = server;
    const url = urlOf(server);
    const startedAt = clock.now();
    const found = await discover(guardedFetch, { name, url, form });
    const { server: at, resource } = found;
    const secret = tried ?? (await vault.resolve(workspaceId, form.clientSecret)).value;
    const client = { client_id: form.clientId };
    const scopes = [...(form.scopes ?? found.scopes ?? [])];
    const isAssertion = form.grant === 'jwt_bearer';
    const asked = {
      resource,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      ...(isAssertion ? { assertion: secret.trim() } : {}),
    };
    let answer: TokenEndpointResponse;
    try {
      const response = await genericTokenEndpointRequest(
        at,
        client,
        isAssertion ? None() : await proofOf(at, secret),
        isAssertion ? JWT_BEARER : 'client_credentials',
        asked,
        oauthFetch(guardedFetch, url.hostname),
      );
      answer = await processGenericTokenEndpointResponse(at, client, response);
    } catch (error) {
      const named = isSecretReference(form.clientSecret) ? form.clientSecret : 'what the record holds';
      throw explain(error, `${new URL(at.issuer).host}, asked with ${named},`);
    }
    const odd = oddKind(answer);
    if (odd !== undefined) throw new GateError('upstream', `${new URL(at.issuer).host} ${odd}`);
    const { accessToken, expiresAt } = tokensOf(answer, scopes, startedAt);
    return { server, at, value: accessToken, fetchedAt: clock.now(), expiresAt };
  }

  /** One question at a time, and none while the provider has said no only just now. */
  function fetchFor(server: MachineServer): Promise<Held> {
    const key = keyOf(server);
    const known = underWay.get(key);
    if (known !== undefined) return known.run;
    const pause = pauses.get(key);
    if (pause !== undefined && clock.now() < pause.until) {
      const retryAfterMs = pause.until - clock.now();
      const message = `${pause.error.message}; nothing was sent, try again in ${Math.ceil(retryAfterMs / 1_000)} s`;
      return Promise.reject(new GateError('unreachable', message, { cause: pause.error, retryAfterMs }));
    }
    const run = ask(server).then(
      (fresh) => {
        pauses.delete(key);
        return fresh;
      },
      (error: unknown) => {
        const failures = (pauses.get(key)?.failures ?? 0) + 1;
        const longest = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
        const said = aboutServer(error, server.name);
        const told = new GateError('unreachable', said.message, { cause: error });
        pauses.set(key, { failures, until: clock.now() + longest * (0.5 + random() / 2), error: told });
        throw told;
      },
    );
    const settled = run.finally(() => underWay.delete(key));
    underWay.set(key, { server, run: settled });
    return settled;
  }

  return {
    token(server) {
      const known = held.get(server.id);
      if (known === undefined || known.of !== keyOf(server)) return fetchFor(server).then(answerOf);
      const left = (known.expiresAt ?? Infinity) - clock.now();
      const ahead = Math.min(AHEAD_MS, ((known.expiresAt ?? Infinity) - known.fetchedAt) / 4);
      if (left > ahead) return answerOf(known);
      const fresh = fetchFor(server);
      if (left <= 0) return fresh.then(answerOf);
      // Told to whoever asks when there is none any more.
      fresh.catch(() => undefined);
      return answerOf(known);
    },
    async refused(server, token, { wants }) {
      if (wants !== 'new_token') return undefined;
      const known = held.get(server.id);
      if (known === undefined || known.of !== keyOf(server)) return answerOf(await fetchFor(server));
      if (known.value !== token) return answerOf(known);
      if (Math.abs(clock.now() - known.fetchedAt) < FRESH_MS) return undefined;
      const fresh = await fetchFor(server);
      return fresh.value === token ? undefined : answerOf(fresh);
    },
    async settle(list) {
      if (held.size === 0 && underWay.size === 0) return;
      const workspaces = new Set([...held.values(), ...underWay.values()].map(({ server }) => server.workspaceId));
      const records = (await Promise.all([...workspaces].map((id) => list(id)))).flat();
      const current = new Set(
        records
          .filter((each) => each.enabled)
          .filter(isOfMachine)
          .map(keyOf),
      );
      const isCurrent = (key: string): boolean => current.has(key);
      for (const [key, { run }] of underWay) {
        // What is fetched for a record of before goes when it is there.
        if (!isCurrent(key))
          run.then(
            () => endWhere((of) => of !== key),
            () => undefined,
          );
      }
      await endWhere(isCurrent);
    },
    async attempt(server, secret) {
      try {
        return { kind: 'token', value: (await fetchWith(server, secret)).value };
      } catch (error) {
        const said = error instanceof Error ? oauthErrorOf(error.cause) : undefined;
        const { message } = aboutServer(error, server.name);
        if (said !== undefined && NOT_TAKEN.has(said.code)) return { kind: 'refused', why: message };
        throw error;
      }
    },
    secretChanged: ({ workspaceId, name }) =>
      void changes.set(`${workspaceId} ${name}`, changesOf(workspaceId, name) + 1),
  };
}

/** By a signature where the secret is a private key, else by the secret, as the authorization server takes it. */
async function proofOf(
  { token_endpoint_auth_methods_supported: taken }: AuthorizationServer,
  secret: string,
): Promise<ClientAuth> {
  if (/^\s*-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(secret)) return PrivateKeyJwt(await keyOfPem(secret));
  const isPost = taken !== undefined && !taken.includes('client_secret_basic') && taken.includes('client_secret_post');
  return isPost ? ClientSecretPost(secret) : basicProof(secret);
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };
const KINDS: Readonly<Record<string, string>> = { rsa: 'RS256', ed25519: 'EdDSA' };

async function keyOfPem(pem: string): ReturnType<typeof importPKCS8> {
  try {
    const key = createPrivateKey(pem);
    const { asymmetricKeyType: kind = '', asymmetricKeyDetails: details } = key;
    const algorithm = kind === 'ec' ? CURVES[details?.namedCurve ?? ''] : KINDS[kind];
    return await importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }).toString(), algorithm ?? '');
  } catch (error) {
    const message = 'what the client proves itself with is no private key that can be used';
    throw new GateError('config', message, { cause: error });
  }
}

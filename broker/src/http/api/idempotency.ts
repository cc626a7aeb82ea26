// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that changes something and comes twice with the same key is carried out once, and
// answered twice, for 24 hours, at whichever broker. The answer is kept sealed by the vault, since it may show a token that is shown once; it is told to
// nobody but the person or token that had it. Where a broker was killed in the middle, nobody is told that it was done or not: it is not known.
import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError, type ErrorCode } from 'mcpgate-shared/error';
import type { Caller } from '../../admin/operation.ts';
import type { Log } from '../../domain/log.ts';
import type { Store } from '../../store/store.ts';
import { sha256Hex } from '../../store/secret-token.ts';
import type { Vault } from '../../vault/vault.ts';
import { ownerOfRequests } from './rate-limits.ts';

const KEEP_MS = 24 * 3_600_000;
const LEASE_MS = 60_000;
const RENEW_MS = 20_000;
const AGAIN_MS = 1_000;
const MOST_OF_ONE = 10_000;
const MOST_BYTES = 256 * 1024;
const KEY = /^[\x20-\x7e]{1,255}$/;
const PURPOSE = 'idempotent-request';
/** Of these errors it is certain that nothing was changed. */
const NOTHING_DONE: ReadonlySet<ErrorCode> = new Set([
  ...([
    'usage',
    'config',
    'not_logged_in',
    'reauthenticate',
    'forbidden',
    'account_needed',
    'denied',
    'not_found',
  ] as const),
  ...([
    'conflict',
    'stale',
    'precondition_required',
    'gone',
    'throttled',
    'too_large',
    'unreachable',
    'untrusted',
  ] as const),
]);

/**
 * Whether it may come with an idempotency key: it changes something, and its answer is one document. What is about the sign-in itself sets cookies, which
 * are kept nowhere.
 */
export const isRepeatable = ({ method, stream, path }: Endpoint): boolean =>
  method !== 'GET' && !stream && !/^\/session(?:\/|$)/.test(path);

/** The answer to a request that is carried out once. */
export class Once<Answer> {
  readonly answer: Answer;
  /** It was carried out before. */
  readonly isReplayed: boolean;

  constructor(answer: Answer, isReplayed: boolean) {
    this.answer = answer;
    this.isReplayed = isReplayed;
  }
}

export interface Idempotency {
  /** Runs `work`, or answers what it has answered before. Throws `key_reused`, `conflict`, `throttled`, and what `work` throws. */
  run<Answer>(request: FastifyRequest, caller: Caller, work: () => Promise<Answer>): Promise<Once<Answer>>;
}

export function createIdempotency(parts: {
  store: Pick<Store, 'idempotentRequests'>;
  vault: Pick<Vault, 'seal' | 'open'>;
  clock: Clock;
  log: Pick<Log, 'warn'>;
  /** Of this run of the broker. */
  holder: string;
}): Idempotency {
  const { store, vault, clock, log, holder } = parts;
  const requests = store.idempotentRequests;

  async function carryOut<Answer>(
    key: { owner: string; keyHash: string },
    work: () => Promise<Answer>,
  ): Promise<Answer> {
    const held = { ...key, holder };
    let cancel = (): void => undefined;
    const renew = (): void => {
      cancel = clock.after(RENEW_MS, () => {
        requests
          .renew(held, clock.now() + LEASE_MS)
          .catch((error: unknown) => log.warn({ err: error }, 'a request could not be said to go on'));
        renew();
      });
    };
    renew();
    try {
      const answer = await work();
      const text = JSON.stringify(answer ?? null);
      const sealed = text.length > MOST_BYTES ? null : vault.seal(purposeOf(key), Buffer.from(text));
      await requests.end(held, { state: 'done', sealed });
      return answer;
    } catch (error) {
      const isCertain = NOTHING_DONE.has(toGateError(error).code);
      await (isCertain ? requests.forget(held) : requests.end(held, { state: 'doubtful', sealed: null })).catch(
        (failure: unknown) => log.warn({ err: failure }, 'what became of a request could not be written down'),
      );
      throw error;
    } finally {
      cancel();
    }
  }

  return {
    async run<Answer>(request: FastifyRequest, caller: Caller, work: () => Promise<Answer>) {
      const asked = request.headers['idempotency-key'];
      if (asked === undefined) return new Once(await work(), false);
      if (typeof asked !== 'string' || !KEY.test(asked))
        throw new GateError(
          'usage',
          'Idempotency-Key: 1 to 255 printable characters, the same for each try of one request',
        );
      const key = { owner: ownerOfRequests(caller), keyHash: sha256Hex(asked) };
      const now = clock.now();
      if ((await requests.count(key.owner)) >= MOST_OF_ONE)
        throw new GateError('throttled', `more than ${MOST_OF_ONE} idempotency keys in a day`, {
          retryAfterMs: AGAIN_MS,
        });
      const requestDigest = digestOf(request, caller);
      const times = { leaseUntil: now + LEASE_MS, expiresAt: now + KEEP_MS };
      const before = await requests.begin(
        { ...key, ...times, requestDigest, state: 'running', holder, sealed: null },
        now,
      );
      if (before === undefined) return new Once(await carryOut(key, work), false);
      if (before.requestDigest !== requestDigest)
        throw new GateError(
          'key_reused',
          'this Idempotency-Key came with another request before; use a new one for each',
        );
      if (before.state === 'running' && before.leaseUntil > now)
        throw new GateError('conflict', 'the request with this Idempotency-Key is being carried out; ask again', {
          retryAfterMs: AGAIN_MS,
        });
      if (before.state !== 'done')
        throw new GateError(
          'conflict',
          'the request with this Idempotency-Key was broken off: whether it was done is not known. Look, and use a new key',
        );
      if (before.sealed === null)
        throw new GateError(
          'conflict',
          'the request with this Idempotency-Key was done; its answer was too long to be kept',
        );
      // It is what `work` has answered to the same request, and sealed since.
      const answer = JSON.parse(
        Buffer.from(await vault.open(purposeOf(key), before.sealed)).toString('utf8'),
      ) as Answer;
      return new Once(answer, true);
    },
  };
}

const purposeOf = ({ owner, keyHash }: { owner: string; keyHash: string }): string => `${PURPOSE}:${owner}:${keyHash}`;

/** What makes two requests the same: where they go, about which workspace, under which condition, and what they hold. */
function digestOf({ method, url, body, headers }: FastifyRequest, { workspaceId }: Caller): string {
  const hash = createHash('sha256');
  for (const part of [method, url, workspaceId, headers['if-match'] ?? '', JSON.stringify(body ?? null)])
    hash.update(`${Buffer.byteLength(part)}:${part}`);
  return hash.digest('hex');
}

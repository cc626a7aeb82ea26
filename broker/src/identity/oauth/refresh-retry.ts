// Repeats a refresh answer that was lost on the way, so that a lost answer logs nobody out. A device proves that a repeated refresh is its own with
// `retry_proof`, an HMAC that only it can make; within the grace it gets the very same answer again. A used refresh token that comes without
// that proof ends the grant and all its tokens (RFC 9700, section 4.14.2). HTTP clients know nothing of proofs; for them the source of the request
// (its address or network) stands in. A repeated answer holds the same tokens and no others, so a thief who got one is found out when either of
// the two refreshes next.
import { z } from 'zod';
import { addressKey } from '../../domain/bounds/address-key.ts';
import { withoutMapping } from '../../domain/bounds/address-ranges.ts';
import type { Clock } from 'mcpgate-shared/clock';
import type { Store } from '../../store/store.ts';
import type { Vault } from '../../vault/vault.ts';
import { createKeyedLock } from '../keyed-lock.ts';
import { sameText, sha256Hex } from '../../store/secret-token.ts';

/** How long to wait for another broker to answer a refresh that it has begun, and how often to look in the store whether it has. */
const ELSEWHERE_MS = 3_000;
const LOOK_MS = 50;

/** The source of a request: an address (IPv6: its /64), or `loopback`. Requests of one computer or household have the same source. */
export function sourceOfAddress(address: string): string {
  const key = addressKey(address);
  return key.startsWith('127.') || withoutMapping(address) === '::1' ? 'loopback' : key;
}

const KIND = 'RefreshAnswer';
const PROOF_SHAPE = /^[A-Za-z0-9_-]{43}$/;
/** `sealed` is null from the moment a refresh begins until its answer is known. */
const KeptSchema = z.object({ proofHash: z.string(), sealed: z.string().nullable() });

interface RefreshAttempt {
  refreshToken: string;
  grantId: string | undefined;
  proof: unknown;
  consumed: boolean;
  /** How long the answer may be repeated. */
  graceMs: number;
}

export type Admission =
  /** The provider is to rotate the token; `keep` then stores its answer, to be repeated. */
  | {
      kind: 'rotate';
      keep: (answer: unknown) => Promise<void>;
      /** For a token that another broker has used up at the same time: waits for that broker's answer; undefined where none comes. */
      elsewhere: () => Promise<unknown>;
      release: () => void;
    }
  /** The same client repeats its refresh: it is to get this answer again. */
  | { kind: 'replay'; answer: unknown; release: () => void }
  /** The token was used already, and it comes from somebody else or after the grace. */
  | { kind: 'reuse'; release: () => void };

type Decision = { kind: 'rotate' } | { kind: 'reuse' } | { kind: 'replay'; answer: unknown };

export interface RefreshRetry {
  /** Decides about a refresh, after waiting for any other one with the same token. The caller must call `release` once its answer is made. */
  admit(attempt: RefreshAttempt): Promise<Admission>;
}

export function createRefreshRetry({
  store,
  vault,
  clock,
}: {
  store: Store;
  vault: Vault;
  clock: Clock;
}): RefreshRetry {
  const lock = createKeyedLock();
  const purpose = (idHash: string): string => `refresh-answer:${idHash}`;

  const findKept = async (idHash: string) => {
    const row = await store.oauth.find(KIND, idHash);
    if (row === undefined || (row.expiresAt !== null && row.expiresAt <= clock.now())) return undefined;
    return KeptSchema.parse(JSON.parse(row.payload));
  };

  const isProven = (proof: unknown, kept: z.infer<typeof KeptSchema> | undefined): boolean =>
    kept !== undefined && typeof proof === 'string' && sameText(sha256Hex(proof), kept.proofHash);

  /** Waits for the answer to a refresh that this or another broker has begun; undefined where none comes in time. */
  const answerOf = async (proof: unknown, idHash: string): Promise<unknown> => {
    for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
      const kept = await findKept(idHash);
      if (kept === undefined || !isProven(proof, kept)) return undefined;
      if (kept.sealed !== null) {
        const plain = await vault.open(purpose(idHash), Buffer.from(kept.sealed, 'base64'));
        return JSON.parse(Buffer.from(plain).toString('utf8'));
      }
      if (waitedMs >= ELSEWHERE_MS) return undefined;
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  };

  const decide = async (attempt: RefreshAttempt, idHash: string, waited: boolean): Promise<Decision> => {
    const row = attempt.consumed && !waited ? undefined : await store.oauth.find('RefreshToken', idHash);
    const consumed = attempt.consumed || (row?.consumedAt ?? null) !== null;
    const kept = await findKept(idHash);
    const proven = isProven(attempt.proof, kept);
    if (!consumed && !proven) return { kind: 'rotate' };
    if (!proven) return { kind: 'reuse' };
    const answer = await answerOf(attempt.proof, idHash);
    if (answer !== undefined) return { kind: 'replay', answer };
    if (!consumed) return { kind: 'rotate' };
    // A broker ended after it had used the token up and before it stored an answer. Nobody has got one, so the token may be used again.
    const used = await store.oauth.find('RefreshToken', idHash);
    if (used === undefined) return { kind: 'reuse' };
    await store.oauth.upsert({ ...used, consumedAt: null });
    return { kind: 'rotate' };
  };

  return {
    async admit(attempt) {
      const idHash = sha256Hex(attempt.refreshToken);
      const { release, waited } = await lock.acquire(idHash);
      try {
        const decision = await decide(attempt, idHash, waited);
        if (decision.kind === 'replay') return { ...decision, release };
        if (decision.kind === 'reuse') return { kind: 'reuse', release };
        const { proof } = attempt;
        if (typeof proof !== 'string' || !PROOF_SHAPE.test(proof))
          return { kind: 'rotate', keep: () => Promise.resolve(), elsewhere: () => Promise.resolve(), release };
        const write = (sealed: string | null): Promise<void> =>
          store.oauth.upsert({
            kind: KIND,
            idHash,
            payload: JSON.stringify({ proofHash: sha256Hex(proof), sealed }),
            grantId: attempt.grantId ?? null,
            userCode: null,
            uid: null,
            consumedAt: null,
            expiresAt: clock.now() + attempt.graceMs,
          });
        await write(null);
        const keep = (answer: unknown): Promise<void> =>
          write(
            Buffer.from(vault.seal(purpose(idHash), Buffer.from(JSON.stringify(answer), 'utf8'))).toString('base64'),
          );
        return { kind: 'rotate', keep, elsewhere: () => answerOf(proof, idHash), release };
      } catch (error) {
        release();
        throw error;
      }
    },
  };
}

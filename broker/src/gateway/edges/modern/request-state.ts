// The `requestState` of a parked call: which call, which round of it, until when. Nothing in it is secret; it is signed together with who
// asked and what, so that it is of no use to anybody else or for anything else (2026-07-28, "Multi Round-Trip Requests").
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';

export interface RequestState {
  callId: string;
  /** Grows with each round: a state is good for one retry. */
  round: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface StateSigner {
  /** `bound`: who may use it, for what. */
  sign(state: RequestState, bound: string): string;
  /** Undefined: forged, or bound to something else. */
  verify(text: string, bound: string): RequestState | undefined;
}

/** A server's own states, which are passed on as they are, do not begin so. */
const PREFIX = 'mcpgate-state-1.';

export function isOwnState(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The key is as old as the process: the calls that it signs for do not outlive it. */
export function createStateSigner(key: Buffer = randomBytes(32)): StateSigner {
  const macOf = (payload: string, bound: string) =>
    createHmac('sha256', key).update(payload).update('\n').update(bound).digest();
  return {
    sign({ callId, round, expiresAt }, bound) {
      const payload = Buffer.from(JSON.stringify({ callId, round, expiresAt })).toString('base64url');
      return `${PREFIX}${payload}.${macOf(payload, bound).toString('base64url')}`;
    },
    verify(text, bound) {
      if (!isOwnState(text) || text.length > 1_000) return undefined;
      const [payload = '', mac = ''] = text.slice(PREFIX.length).split('.');
      const expected = macOf(payload, bound);
      const given = Buffer.from(mac, 'base64url');
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
      const state = parseRecord(Buffer.from(payload, 'base64url').toString('utf8'));
      const callId = stringOf(state?.['callId']);
      const { round, expiresAt } = state ?? {};
      if (callId === undefined || typeof round !== 'number' || typeof expiresAt !== 'number') return undefined;
      return { callId, round, expiresAt };
    },
  };
}

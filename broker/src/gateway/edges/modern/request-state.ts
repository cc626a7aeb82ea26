// The `requestState` of a parked call: the call, its round and the end of its time. Nothing in it is secret. Its signature also covers the caller
// and the request, so nobody else can use it, nor for another request (MCP 2026-07-28, "Multi Round-Trip Requests").
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';

export interface RequestState {
  callId: string;
  /** Grows with each round, so that a state is good for one retry only. */
  round: number;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export interface StateSigner {
  /** `bound`: text that identifies the caller and what is requested. */
  sign(state: RequestState, bound: string): string;
  /** Undefined: the state is forged, or belongs to another caller or request. */
  verify(text: string, bound: string): RequestState | undefined;
}

/** How mcpgate's own states begin; states of servers are passed on unchanged. */
const PREFIX = 'mcpgate-state-1.';

export function isOwnState(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** The key is made anew by each process, because parked calls do not outlive it either. */
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

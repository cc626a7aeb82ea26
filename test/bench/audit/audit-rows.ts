// Calls as people make them, written into a log through the audit room: forty people with three clients each, two hundred tools of twenty servers.
import type { Audit } from '../../../broker/src/audit/audit.ts';
import type { CallIntent, CallOutcome } from '../../../broker/src/domain/call-record.ts';
import { createHash, randomUUID } from 'node:crypto';

const PEOPLE = 40;
const CLIENTS = ['claude-code', 'cursor', 'codex'];
const SERVERS = 20;
const TOOLS = 10;
const ARGUMENTS = [['query'], ['owner', 'repo'], ['owner', 'repo', 'number'], ['path'], ['text', 'channel']];

export function callOf(n: number, sessions: readonly string[]): { intent: CallIntent; outcome: CallOutcome } {
  const person = (n * 7) % PEOPLE;
  const client = CLIENTS[n % CLIENTS.length] ?? '';
  const server = `server-${(n * 13) % SERVERS}`;
  const isFailed = n % 50 === 0;
  const intent: CallIntent = {
    ...{
      workspace_id: 'default',
      member_id: `27656a73-f661-4491-8857-6633ad17d${100 + person}`,
      member: `person.${person}`,
    },
    ...{ credential_kind: 'device', credential_id: `ff9d30d4-fd61-4509-8828-d6fade773${100 + person}` },
    ...{
      credential_label: `laptop-of-${person}`,
      device: `laptop-of-${person}`,
      client_name: client,
      client_version: '2.1.0',
    },
    session_id: sessions[(person * CLIENTS.length + (n % CLIENTS.length)) % sessions.length] ?? '',
    ...{ server, method: 'tools/call', tool_name: `${server}__tool_${(n * 17) % TOOLS}`, decision: 'allow' },
    ...{ rule: `r_rule${n % 8}`, policy_version: 3 + Math.floor(n / 5_000), request_bytes: 150 + (n % 400) },
    args_digest: createHash('sha256').update(String(n)).digest('hex'),
    ...{ arg_keys: ARGUMENTS[n % ARGUMENTS.length] ?? [], trace_id: null },
  };
  const outcome: CallOutcome = {
    ...{ status: isFailed ? 'tool_error' : 'ok', error_code: null, latency_ms: 1 + (n % 9_000) / 100 },
    ...{ upstream_ms: (n % 8_000) / 100, response_bytes: 300 + (n % 5_000), secret_versions: [`${server}-token@2`] },
    ...{ attempts: 1, retry_reason: null, input_rounds: 0, input_asked: [] },
  };
  return { intent, outcome };
}

export const sessionsOf = (count: number): string[] => Array.from({ length: count }, () => randomUUID());

/** Writes so many calls, `together` at a time. */
export async function writeCalls(audit: Audit, count: number, together: number, from = 0): Promise<void> {
  const sessions = sessionsOf(PEOPLE * CLIENTS.length);
  for (let done = 0; done < count; done += together) {
    const calls = Array.from({ length: Math.min(together, count - done) }, (_, index) =>
      callOf(from + done + index, sessions),
    );
    const ids = await Promise.all(calls.map(({ intent }) => audit.beginCall(intent)));
    await Promise.all(calls.map(({ intent, outcome }, index) => audit.endCall(ids[index] ?? '', intent, outcome)));
  }
}

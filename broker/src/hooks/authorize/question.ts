// What a hook is asked about a call: who, what, the arguments as they would be forwarded, and what the rules say. The shape is OPA's, whose data API
// takes its document as `input`; docs/hooks.md says what is in it.
import { hash } from 'node:crypto';
import type { Facts, Verdict } from '../../policy/verdict.ts';
import type { Principal } from '../../domain/people/principal.ts';

export interface HookQuestion {
  principal: Principal;
  facts: Pick<Facts, 'client' | 'address'>;
  method: string;
  server: string;
  /** All names of the thing; the first is the server's own. */
  names: readonly string[];
  verdict: Pick<Verdict, 'decision' | 'rule'>;
  policyVersion: number;
  arguments: AskedArguments;
}

export interface AskedArguments {
  /** SHA-256 of their text, hex. */
  digest: string;
  bytes: number;
  /** Their JSON text, to the letter: numbers are not rounded. Not asked for where they are not sent, or are too many. */
  text: () => string;
}

/** Arguments that are longer are not sent, and the call is denied: nobody should hide behind their size. */
export const MOST_ARGUMENTS_BYTES = 1024 * 1024;

/** The members of the question that are the same whenever it is asked, as JSON text without its last brace. */
export function questionStem(question: HookQuestion): string {
  const { principal, facts, method, server, names, verdict, policyVersion } = question;
  const { workspaceId, user, credential, device } = principal;
  const stem = {
    workspace: workspaceId,
    who: {
      name: user === undefined ? `grant:${credential.label}` : `user:${user.name}`,
      user: user?.name ?? null,
      groups: [...(user?.groups ?? [])].toSorted(),
      role: user?.role ?? null,
      credential: { kind: credential.kind, label: credential.label },
      device: device?.name ?? null,
      client: { name: facts.client.name, version: facts.client.version },
      address: facts.address ?? null,
    },
    what: { name: names[0] ?? '', names, server, method },
    rules: { decision: verdict.decision, rule: verdict.rule, policy_version: policyVersion },
    arguments_digest: question.arguments.digest,
  };
  return JSON.stringify(stem).slice(0, -1);
}

/** Two questions with the same key are the same question. */
export const questionKey = (stem: string): string => hash('sha256', stem, 'base64');

export function questionText(
  stem: string,
  about: { id: string; now: number; argumentsText: string | undefined },
): string {
  const { id, now, argumentsText } = about;
  const args = argumentsText === undefined ? '' : `,"arguments":${argumentsText}`;
  const own = `,"request_id":${JSON.stringify(id)},"time":"${new Date(now).toISOString()}"`;
  return `{"input":${stem}${own}${args}}}`;
}

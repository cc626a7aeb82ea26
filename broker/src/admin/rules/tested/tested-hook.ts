// What a hook is asked about a call that nobody makes.
import { hash } from 'node:crypto';
import type { HookQuestion } from '../../../hooks/authorizer.ts';
import type { Subject } from '../../../policy/naming.ts';
import type { Question, Verdict } from '../../../policy/verdict.ts';

const METHODS: readonly [head: string, method: string][] = [
  ['resource:', 'resources/read'],
  ['prompt:', 'prompts/get'],
  ['event:', 'events/subscribe'],
];

export function testedQuestion(
  { principal, facts }: Pick<Question, 'principal' | 'facts'>,
  { server, names }: Subject,
  verdict: Pick<Verdict, 'decision' | 'rule'>,
  policyVersion: number,
  args: Readonly<Record<string, unknown>> = {},
): HookQuestion {
  const text = JSON.stringify(args);
  const method = METHODS.find(([head]) => names[0].startsWith(head))?.[1] ?? 'tools/call';
  return {
    ...{ principal, facts, method, server, names, verdict, policyVersion },
    arguments: { digest: hash('sha256', text, 'hex'), bytes: Buffer.byteLength(text), text: () => text },
  };
}

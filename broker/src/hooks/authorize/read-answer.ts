// Reads what a hook answered. What is not exactly one of the documented forms is no answer, and lets nothing through.
import { z } from 'zod';
import { quoteForeign } from '../../mcp/quote-foreign.ts';
import type { GuardedAnswer } from '../../net/guarded-fetch.ts';

/** `keepMs`: for how long the same question has the same answer; 0: it is asked again. */
export type ReadAnswer =
  | { kind: 'answer'; decision: 'allow' | 'deny' | 'ask'; reason: string | null; keepMs: number }
  | { kind: 'nonsense'; why: string };

const said = { reason: z.string().max(10_000).nullish(), ttl: z.number().min(0).nullish() };
const ownForm = z.object({ decision: z.enum(['allow', 'deny', 'ask']), ...said });
const opaForm = z.object({ allow: z.boolean(), ...said });

/** The longest time for which an answer is kept, whatever it says. */
const MOST_KEPT_MS = 24 * 60 * 60_000;

export function readAnswer({ status, headers, body }: GuardedAnswer): ReadAnswer {
  if (status !== 200) return nonsense(`answered with status ${status}`);
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers.get('content-type') ?? ''))
    return nonsense('did not answer with JSON');
  const document = parsed(body);
  if (document === undefined) return nonsense('did not answer with JSON');
  const found = readDocument(document);
  if (found === undefined) return nonsense('gave an answer that is none: neither a decision nor a result');
  if (found === 'undefined') return nonsense('has no decision for this question (OPA calls that undefined)');
  const { decision, ttl } = found;
  const reason = found.reason?.trim() ?? '';
  return {
    ...{ kind: 'answer', decision, reason: reason === '' ? null : quoteForeign(reason) },
    keepMs: keepMsOf(headers, ttl ?? undefined),
  };
}

const nonsense = (why: string): ReadAnswer => ({ kind: 'nonsense', why });

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The caller tells it.
    return undefined;
  }
}

function readDocument(document: unknown): z.output<typeof ownForm> | 'undefined' | undefined {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return undefined;
  const [isOwn, isOpa] = [Object.hasOwn(document, 'decision'), Object.hasOwn(document, 'result')];
  if (isOwn && isOpa) return undefined;
  if (isOwn) return ownForm.safeParse(document).data;
  if (!isOpa)
    return Object.keys(document).every((key) => key === 'decision_id' || key === 'metrics') ? 'undefined' : undefined;
  const { result } = document as { result: unknown };
  if (typeof result === 'boolean') return { decision: result ? 'allow' : 'deny' };
  if (typeof result !== 'object' || result === null) return undefined;
  if (Object.hasOwn(result, 'decision'))
    return Object.hasOwn(result, 'allow') ? undefined : ownForm.safeParse(result).data;
  const { allow, ...rest } = opaForm.safeParse(result).data ?? {};
  return allow === undefined ? undefined : { ...rest, decision: allow ? 'allow' : 'deny' };
}

/** The shorter one of what the headers and the document say. */
function keepMsOf(headers: Headers, ttl: number | undefined): number {
  const control = headers.get('cache-control')?.toLowerCase();
  const said = [
    ttl === undefined ? [] : ttl * 1000,
    control === undefined ? [] : maxAgeMs(control, headers.get('age')),
  ];
  const times = said.flat();
  return times.length === 0 ? 0 : Math.min(MOST_KEPT_MS, ...times);
}

function maxAgeMs(control: string, age: string | null): number | [] {
  if (/\bno-(?:store|cache)\b/.test(control)) return 0;
  const seconds = /(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})"?/.exec(control)?.[1];
  if (seconds === undefined) return [];
  const old = /^\d{1,9}$/.test(age ?? '') ? Number(age) : 0;
  return Math.max(0, Number(seconds) - old) * 1000;
}

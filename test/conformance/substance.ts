// What was really said in a scenario, without what may differ between two ways to the same server: ids, tokens, the stream a message came on.
// A scenario that passes on any error text still has to say the same here.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { canonicalText } from './canonical-text.ts';
import type { Exchange } from './recorder.ts';

export interface Answer {
  readonly asked: string;
  /** Canonical JSON. */
  readonly params: string;
  /** Canonical JSON. */
  readonly answer: string;
}

/** What each request got for an answer, and (canonical, sorted) what the server said unasked. The order and the stream do not count. */
export interface Substance {
  readonly answers: readonly Answer[];
  readonly unasked: readonly string[];
}

const Id = z.union([z.string(), z.number()]);
const Message = z.looseObject({
  id: Id.nullish(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ code: z.number() }).optional(),
});
type Message = z.infer<typeof Message>;
const Kept = z.looseObject({ result: z.looseObject({ cacheScope: z.string(), ttlMs: z.number() }) });
const Meta = z.record(z.string(), z.unknown());
const Working = z.object({ result: z.object({ status: z.literal('working') }) });

/** The suite left before there was an answer: which one it would have been cannot be compared. */
const ABANDONED = 'not waited for';

/**
 * The substance of what went over one recorder in one scenario. `withCapabilities`: for the scenario that is about the handshake; in the others
 * a capability that is missing would be said again each time.
 */
export function substanceOf(exchanges: readonly Exchange[], withCapabilities: boolean): Substance {
  const canonical = (value: unknown) => canonicalText(value, withCapabilities ? [] : ['capabilities']);
  const answers: Answer[] = [];
  const unasked: string[] = [];
  const heard = exchanges.map((exchange) => {
    const messages = exchange.status >= 400 ? [] : messagesOf(exchange.responseBody);
    for (const { id, method, params } of messages)
      if (method !== undefined)
        unasked.push(canonical({ method, params: (id ?? null) === null ? params : asQuestion(params) }));
    return { exchange, responses: messages.filter(({ method }) => method === undefined) };
  });
  // Usually on the request's own stream; where that ended early, on one that was opened to fetch the rest.
  const responseTo = (id: unknown, own: readonly Message[]) =>
    [...own, ...heard.flatMap(({ exchange, responses }) => (exchange.method === 'GET' ? responses : []))].find(
      (message) => message.id === id,
    );
  for (const { exchange, responses } of heard) {
    if (exchange.method !== 'POST') continue;
    const sent = read(exchange.requestBody)[0];
    const asked = sent?.method ?? (sent === undefined ? 'no JSON-RPC' : 'a response');
    const answer =
      exchange.status >= 400 ? refusal(exchange) : answerTo(exchange, sent, responseTo(sent?.id, responses));
    // How often a client asks before a task is done is a matter of time.
    if (asked === 'tasks/get' && Working.safeParse(answer).success) continue;
    const { _meta, ...params } = sent?.params ?? {};
    answers.push({ asked, params: canonical(params), answer: canonical(answer) });
  }
  return { answers, unasked: unasked.toSorted() };
}

/**
 * A question of the server without its progress token. Nobody answers it with progress: the SDK, which turns what a tool of 2026-07-28 needs into
 * questions to clients of before, puts one there only to keep its own time limit going, as mcpgate does not.
 */
function asQuestion(params: Message['params']): Message['params'] {
  const meta = Meta.safeParse(params?.['_meta']).data;
  if (meta === undefined) return params;
  const kept = Object.entries(meta).filter(([key]) => key !== 'progressToken');
  return { ...params, _meta: Object.fromEntries(kept) };
}

/** Lines that say how `got` differs from `expected`; none where it does not. */
export function differences(expected: Substance, got: Substance): string[] {
  const [lost, added] = unequal(expected.answers, got.answers, isSame);
  const answers = lost.flatMap((wanted) => {
    const at = added.findIndex(({ asked, params }) => asked === wanted.asked && params === wanted.params);
    const [instead] = at < 0 ? [] : added.splice(at, 1);
    if ([wanted.answer, instead?.answer].includes(JSON.stringify(ABANDONED))) return [];
    return `${wanted.asked} ${wanted.params}: ${contrast(wanted.answer, instead?.answer ?? 'never asked')}`;
  });
  const [silent, loud] = unequal(expected.unasked, got.unasked, (a, b) => a === b);
  return [
    ...answers,
    ...added.map(({ asked, params, answer }) => `${asked} ${params}: not asked directly; here ${answer}`),
    ...silent.map((entry) => `not heard here: ${entry}`),
    ...loud.map((entry) => `heard only here: ${entry}`),
  ];
}

/** Rules decide who sees what, and may change: what the server would let anybody keep is for who asked here, and not to be kept. */
function isSame(direct: Answer, here: Answer): boolean {
  if (isDeepStrictEqual(direct, here)) return true;
  const kept = Kept.safeParse(JSON.parse(direct.answer)).data;
  if (kept === undefined) return false;
  const answer = canonicalText({ ...kept, result: { ...kept.result, cacheScope: 'private', ttlMs: 0 } });
  return isDeepStrictEqual({ ...direct, answer }, here);
}

/** What is only in `left`, and what is only in `right`. */
function unequal<T>(left: readonly T[], right: readonly T[], equal: (a: T, b: T) => boolean): [T[], T[]] {
  const rest = [...right];
  const only = left.filter((one) => {
    const at = rest.findIndex((other) => equal(one, other));
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
  return [only, rest];
}

/** Both texts from a little before the place where they part. */
export function contrast(wanted: string, got: string): string {
  let same = 0;
  while (same < wanted.length && wanted[same] === got[same]) same += 1;
  const from = Math.max(0, same - 30);
  const part = (text: string) => `${from > 0 ? '…' : ''}${text.slice(from, from + 160)}`;
  return `directly ${part(wanted)}; here ${part(got)}`;
}

function answerTo(exchange: Exchange, sent: Message | undefined, response: Message | undefined): unknown {
  if (sent?.method === undefined || sent.id === undefined) return 'accepted';
  if (response === undefined) return exchange.abandoned ? ABANDONED : 'none';
  return response.error === undefined ? { result: unordered(sent.method, response.result) } : { error: response.error };
}

/** mcpgate sorts what servers list in any order, so that AI clients' prompt caches hold: the order of a list is not compared. */
function unordered(method: string, result: unknown): unknown {
  if (!method.endsWith('/list') || typeof result !== 'object' || result === null) return result;
  const sorted = (entries: readonly unknown[]) =>
    entries.toSorted((a, b) => (canonicalText(a) < canonicalText(b) ? -1 : 1));
  return Object.fromEntries(
    Object.entries(result).map(([key, value]) => [key, Array.isArray(value) ? sorted(value) : value]),
  );
}

/**
 * Who refuses at the edge says it in words of its own: the status and the code are what clients act on. Whom it does not let in at all (a page of
 * another site, a foreign name) it need not answer in JSON-RPC (2025-11-25, transports, "Security Warning").
 */
function refusal(exchange: Exchange): unknown {
  if (exchange.status === 403) return { status: 403 };
  return { status: exchange.status, code: read(exchange.responseBody)[0]?.error?.code };
}

function messagesOf(body: string): Message[] {
  const trimmed = body.trimStart();
  if (trimmed.startsWith('{') || trimmed.startsWith('[')) return read(trimmed);
  const data = body.split(/\r?\n\r?\n/).map((event) => event.split(/\r?\n/).filter((line) => line.startsWith('data:')));
  return data.flatMap((lines) => read(lines.map((line) => line.slice(5)).join('\n')));
}

function read(text: string): Message[] {
  try {
    const value: unknown = JSON.parse(text);
    const parts: unknown[] = Array.isArray(value) ? value : [value];
    return parts.map((part) => Message.safeParse(part)).flatMap(({ success, data }) => (success ? [data] : []));
  } catch {
    return [];
  }
}

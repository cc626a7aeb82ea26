// Where a modern server needs something of the AI client before it can answer (InputRequiredResult, 2026-07-28): a legacy client is asked the
// server's questions, and the request is sent again with its answers, round by round. A modern client gets the result as it came, and sends the
// request again itself.
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { findMember, onOneLine, scanObject, type JsonObject } from 'mcpgate-shared/mcp/json-span';
import { wholeText } from '../../../message/pieces.ts';
import { QUESTIONS } from '../edge.ts';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { withMembers } from '../request-meta.ts';
import type { Requester, UpstreamReply, UpstreamRequest } from '../../upstream.ts';

const MAX_ROUNDS = 10;
/** Questions in one result. */
const MAX_QUESTIONS = 16;
/** The pause before a server that asks no question is asked again; twice as long each round. */
const FIRST_PAUSE_MS = 100;

/** The reply after all rounds. `send` sends the request with the given params. Throws GateError. */
export async function throughRounds(
  serverName: string,
  clock: Clock,
  request: UpstreamRequest,
  send: (paramsText: string) => Promise<UpstreamReply>,
): Promise<UpstreamReply> {
  const { requester, method } = request;
  let reply = await send(request.paramsText);
  for (let round = 0; ; round++) {
    if (!needsInput(reply)) return reply;
    request.onAsked?.(methodsIn(wholeText(reply.text, reply.pieces)));
    if (requester?.generation === 'modern') return reply;
    if (round === MAX_ROUNDS) {
      throw new GateError(
        'upstream',
        `server ${serverName} asked ${MAX_ROUNDS} times for more before ${method} was done`,
      );
    }
    const text = wholeText(reply.text, reply.pieces);
    const result = scanObject(text, 0, ['inputRequests']);
    const requests = findMember(result.members, 'inputRequests')?.inner;
    const state = findMember(result.members, 'requestState');
    const answers = requests === undefined ? undefined : await askAll(serverName, request, requester, text, requests);
    if (answers === undefined) await pause(clock, FIRST_PAUSE_MS * 2 ** round, request.signal);
    // Without the answers and the state of the round before.
    const bare = withoutRound(request.paramsText);
    reply = await send(
      withMembers(bare, [
        ...(answers === undefined ? [] : [['inputResponses', answers] as const]),
        ...(state === undefined ? [] : [['requestState', text.slice(state.start, state.end)] as const]),
      ]),
    );
  }
}

function needsInput(reply: UpstreamReply): reply is UpstreamReply & { kind: 'result' } {
  if (reply.kind !== 'result' || !reply.text.includes('input_required')) return false;
  return parseRecord(reply.text)?.['resultType'] === 'input_required';
}

/** The methods of the questions in an InputRequiredResult. */
function methodsIn(text: string): string[] {
  const questions = findMember(scanObject(text, 0, ['inputRequests']).members, 'inputRequests')?.inner;
  return (questions?.members ?? [])
    .slice(0, MAX_QUESTIONS)
    .map(({ start, end }) => stringOf(parseRecord(text.slice(start, end))?.['method']) ?? '');
}

/** Asks all questions at the same time. Returns the answers as JSON text of an object, by the server's keys. Throws GateError. */
async function askAll(
  serverName: string,
  { method, signal }: UpstreamRequest,
  requester: Requester | undefined,
  text: string,
  { members }: JsonObject,
): Promise<string> {
  const refused = (why: string) =>
    new GateError('upstream', `server ${serverName} needs something of the AI client for ${method}, but ${why}`);
  if (requester === undefined) throw refused('nobody is there to be asked');
  if (members.length > MAX_QUESTIONS) throw refused(`asks ${members.length} questions at once`);
  const over = new AbortController();
  const ends = AbortSignal.any([signal, over.signal]);
  try {
    const answers = await Promise.all(
      members.map(async ({ key, start, end }) => {
        const question = text.slice(start, end);
        const asked = stringOf(parseRecord(question)?.['method']) ?? '';
        if (!QUESTIONS.has(asked))
          throw refused(`${JSON.stringify(asked.slice(0, 100))} is nothing that one can ask it`);
        const params = findMember(scanObject(question).members, 'params');
        const paramsText = params === undefined ? '{}' : onOneLine(question.slice(params.start, params.end));
        const reply = await requester.ask({ server: serverName, method: asked, paramsText, signal: ends });
        if (signal.aborted) throw new GateError('cancelled', `${method} to server ${serverName} was cancelled`);
        if (reply.kind === 'result') return `${JSON.stringify(key)}:${reply.text}`;
        throw refused(
          `${asked} failed: ${quoteForeign(stringOf(parseRecord(reply.text)?.['message']) ?? 'no reason given')}`,
        );
      }),
    );
    return `{${answers.join(',')}}`;
  } finally {
    // Where one question has failed, the others are withdrawn.
    over.abort();
  }
}

/** `paramsText` without the answers and the state that an earlier round has put there. */
function withoutRound(paramsText: string): string {
  const { members } = scanObject(paramsText);
  const kept = members.filter(({ key }) => key !== 'inputResponses' && key !== 'requestState');
  return `{${kept.map((each) => paramsText.slice(each.keyStart, each.end)).join(',')}}`;
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      cancel();
      reject(new GateError('cancelled', 'the caller is gone'));
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

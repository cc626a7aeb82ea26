// Parks calls of clients from 2026-07-28 on while their server asks something. Such a client cannot be asked during a call: its request is
// answered with the questions (InputRequiredResult), the call waits, and the client's retry brings the answers and goes on with the same call.
// The server and the audit log see one call.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError } from 'mcpgate-shared/error';
import { onOneLine, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { BaseLogger } from 'pino';
import type { ServerQuestion, UpstreamReply } from '../../../upstreams/upstream.ts';
import { createInputTally, type InputTally } from '../../call/input-tally.ts';
import { withdrawn } from '../client-offers.ts';
import { createHeldQuestions, type Question } from './held-questions.ts';
import { errorReply, type Answer, type Reply } from '../../reply.ts';
import type { Notice } from '../../request.ts';
import { inputRequired } from './input-required.ts';
import { createStateSigner } from './request-state.ts';

/** A request of the client (the first one, or a retry) that waits for a call's result or questions. */
export interface Waiter {
  /** Answers the request with the call's answer, or with an InputRequiredResult. */
  answer(answer: Answer): void;
  tell(notice: Notice): void;
  /** The call has ended without an answer: it was cancelled or failed. */
  end(error: unknown): void;
}

export interface CallHandle {
  readonly signal: AbortSignal;
  /** The call goes to this server now: questions of that server to the session may belong to it. */
  sentTo(server: string): void;
  /** Puts a question of mcpgate's own about this call to the client. Never rejects. */
  ask(question: ServerQuestion): Promise<UpstreamReply>;
  /** Sends a notification to the waiting request; dropped while the call is parked. */
  tell(notice: Notice): void;
  /** Counts the questions of this call. */
  readonly input: InputTally;
}

export interface ParkedCalls {
  /** Starts a call. `bound`: identifies what is requested; retries must have the same. */
  begin(options: {
    sessionKey: string;
    owner: string;
    bound: () => Promise<string>;
    /** The size of the request, which is kept as long as the call. */
    bytes: () => number;
    waiter: Waiter;
    signal: AbortSignal;
    run: (call: CallHandle) => Promise<Reply>;
  }): void;
  /**
   * Goes on with a parked call. False: there is no such call for this caller (any more). `responses`: JSON text of an object, by the keys of
   * the questions.
   */
  resume(options: {
    state: string;
    owner: string;
    bound: string;
    responses: string;
    waiter: Waiter;
    signal: AbortSignal;
  }): boolean;
  /** Puts a question to the client that a server asks on a connection of this session. */
  ask(sessionKey: string, question: ServerQuestion): Promise<UpstreamReply>;
  /** Whether a call of the session is not over. */
  isBusy(sessionKey: string): boolean;
  /** Cancels the session's calls. Resolves when all outcomes are recorded. */
  end(sessionKey: string, reason: string): Promise<void>;
  readonly parked: number;
}

/** How long a call stays parked: the time that a person has to answer. */
const PARK_MS = 10 * 60_000;
const MAX_PARKED = 2_000;
const MAX_PARKED_EACH = 64;
/** The most bytes of requests in all parked calls of one login; a single request may be longer. */
const MAX_PARKED_BYTES_EACH = 32 * 1024 * 1024;
/** How many questions one call may have open at the same time. */
const MAX_QUESTIONS = 16;

interface Call {
  readonly id: string;
  readonly sessionKey: string;
  readonly owner: string;
  readonly bound: () => Promise<string>;
  readonly bytes: () => number;
  readonly controller: AbortController;
  server: string | undefined;
  waiter: { waiter: Waiter; detach: () => void } | undefined;
  /** The open questions, by the key that the client gets. */
  readonly questions: Map<string, Question>;
  lastQuestion: number;
  round: number;
  readonly input: InputTally;
  outcome: Answer | { kind: 'broken'; error: unknown } | undefined;
  over: Promise<void>;
  cancelExpiry: () => void;
}

export function createParkedCalls({ clock, log }: { clock: Clock; log: Pick<BaseLogger, 'debug'> }): ParkedCalls {
  const signer = createStateSigner();
  const held = createHeldQuestions(clock);
  const calls = new Map<string, Call>();
  const parked = new Set<Call>();

  function attach(call: Call, waiter: Waiter, signal: AbortSignal): void {
    const onAbort = () => {
      call.waiter = undefined;
      call.controller.abort(signal.reason);
      void call.over.then(() => {
        forget(call);
        waiter.end(new GateError('cancelled', 'the call was cancelled'));
      });
    };
    call.waiter = { waiter, detach: () => signal.removeEventListener('abort', onAbort) };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    settle(call);
  }

  /** Answers the waiting request, if any, with the call's outcome or its open questions. */
  function settle(call: Call): void {
    const { waiter: waiting, outcome } = call;
    if (waiting === undefined) return;
    const { waiter, detach } = waiting;
    if (outcome === undefined) {
      if (call.questions.size > 0) park(call, waiter);
      return;
    }
    detach();
    forget(call);
    if (outcome.kind === 'broken') waiter.end(outcome.error);
    else waiter.answer(outcome);
  }

  function hasRoom(call: Call): boolean {
    const own = [...parked].filter(({ owner }) => owner === call.owner);
    if (parked.size >= MAX_PARKED || own.length >= MAX_PARKED_EACH) return false;
    const bytes = own.reduce((sum, each) => sum + each.bytes(), 0);
    return bytes === 0 || bytes + call.bytes() <= MAX_PARKED_BYTES_EACH;
  }

  function park(call: Call, waiter: Waiter): void {
    if (!hasRoom(call)) {
      const why = errorReply(RPC_CODE.serverError, 'too many calls wait for answers of their AI clients already');
      for (const question of call.questions.values()) question.answer(why);
      return;
    }
    call.waiter?.detach();
    call.waiter = undefined;
    call.round++;
    const ofServer = [...call.questions.values()].filter(({ isOwn }) => isOwn !== true);
    if (ofServer.length > 0) call.input.round(ofServer.map(({ method }) => method));
    const expiresAt = clock.now() + PARK_MS;
    call.cancelExpiry = clock.after(PARK_MS, () => {
      call.controller.abort('the AI client did not answer in time');
      forget(call);
    });
    parked.add(call);
    const { round } = call;
    const questions = [...call.questions];
    const tell = (bound: string) => {
      const state = signer.sign({ callId: call.id, round, expiresAt }, bindingOf(call.owner, bound));
      waiter.answer(inputRequired(questions, state));
    };
    call
      .bound()
      .then(tell)
      .catch((error: unknown) => waiter.end(error));
  }

  function forget(call: Call): void {
    calls.delete(call.id);
    unpark(call);
    for (const question of call.questions.values()) question.answer(withdrawn());
  }

  function unpark(call: Call): void {
    parked.delete(call);
    call.cancelExpiry();
  }

  function give(call: Call, question: Question): void {
    if (call.questions.size >= MAX_QUESTIONS) {
      return question.answer(
        errorReply(RPC_CODE.serverError, `${MAX_QUESTIONS} questions of one call are open already`),
      );
    }
    const key = `q${++call.lastQuestion}`;
    const answer = (reply: UpstreamReply) => {
      question.signal.removeEventListener('abort', onAbort);
      call.questions.delete(key);
      question.answer(reply);
    };
    const onAbort = () => answer(withdrawn());
    call.questions.set(key, { ...question, answer });
    question.signal.addEventListener('abort', onAbort, { once: true });
    settle(call);
  }

  const of = (sessionKey: string) => [...calls.values()].filter((call) => call.sessionKey === sessionKey);

  return {
    begin({ sessionKey, owner, bound, bytes, waiter, signal, run }) {
      const call: Call = {
        id: randomUUID(),
        sessionKey,
        owner,
        bound,
        bytes,
        controller: new AbortController(),
        server: undefined,
        waiter: undefined,
        questions: new Map(),
        lastQuestion: 0,
        round: 0,
        input: createInputTally(),
        outcome: undefined,
        over: Promise.resolve(),
        cancelExpiry: () => undefined,
      };
      calls.set(call.id, call);
      const finish = (outcome: NonNullable<Call['outcome']>) => {
        call.outcome = outcome;
        settle(call);
      };
      call.over = run({
        signal: call.controller.signal,
        sentTo(server) {
          call.server = server;
          for (const question of held.take(sessionKey, server)) give(call, question);
        },
        input: call.input,
        ask: (question) =>
          question.signal.aborted
            ? Promise.resolve(withdrawn())
            : new Promise((resolve) => give(call, { ...question, isOwn: true, answer: resolve })),
        tell: (notice) => call.waiter?.waiter.tell(notice),
      }).then(
        (reply) =>
          finish(
            reply.kind === 'none'
              ? { kind: 'broken', error: new GateError('cancelled', 'the call was cancelled') }
              : reply,
          ),
        (error: unknown) => finish({ kind: 'broken', error }),
      );
      attach(call, waiter, signal);
    },
    resume({ state: stateText, owner, bound, responses, waiter, signal }) {
      const state = signer.verify(stateText, bindingOf(owner, bound));
      const call = state === undefined ? undefined : calls.get(state.callId);
      if (state === undefined || call === undefined || !parked.has(call)) return false;
      if (state.round !== call.round || state.expiresAt <= clock.now()) return false;
      unpark(call);
      log.debug({ server: call.server, round: call.round }, 'a parked call goes on');
      for (const { key, start, end } of scanObject(responses).members) {
        call.questions
          .get(key)
          ?.answer({ kind: 'result', text: onOneLine(responses.slice(start, end)), isToolError: false });
      }
      attach(call, waiter, signal);
      return true;
    },
    ask(sessionKey, question) {
      return new Promise((resolve) => {
        if (question.signal.aborted) return resolve(withdrawn());
        const asked: Question = { ...question, answer: resolve };
        // All calls of a session belong to one client, so any of them can carry the question. A call with a waiting request delivers it at once.
        const own = of(sessionKey).filter(({ server, outcome }) => server === question.server && outcome === undefined);
        const call = own.findLast(({ waiter }) => waiter !== undefined) ?? own.at(-1);
        if (call === undefined) held.hold(sessionKey, asked);
        else give(call, asked);
      });
    },
    isBusy: (sessionKey) => of(sessionKey).length > 0,
    async end(sessionKey, reason) {
      held.end(sessionKey);
      const own = of(sessionKey);
      for (const call of own) call.controller.abort(reason);
      await Promise.all(own.map(({ over }) => over));
      for (const call of own) forget(call);
    },
    get parked() {
      return parked.size;
    },
  };
}

const bindingOf = (owner: string, bound: string) => `${owner}\n${bound}`;

// Asks hooks about calls: one request for the same question at a time, answers kept as they say, and no call held for a hook that is away.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import { type GateError, toGateError } from 'mcpgate-shared/error';
import type { Audit } from '../../audit/audit.ts';
import type { AuthorizeHook } from '../../domain/hook.ts';
import type { Log } from '../../domain/log.ts';
import { untilAborted } from '../../domain/until-aborted.ts';
import { NoAnswer } from '../../net/guarded-fetch.ts';
import type { HookAnswer } from '../../policy/hooked.ts';
import type { Asked, AnswerSource, Authorizer, HookState, Tried } from '../authorizer.ts';
import type { HookSender } from '../hook-request.ts';
import { createCircuit, type Circuit, type Failure } from './circuit.ts';
import { type HookQuestion, MOST_ARGUMENTS_BYTES, questionKey, questionStem, questionText } from './question.ts';
import { readAnswer } from './read-answer.ts';

/** How many answers are kept of one hook, and how many questions may be under way to it: together, and for one caller. */
const MOST_KEPT = 10_000;
const MOST_UNDER_WAY = 512;
const MOST_OF_ONE = 64;
const SHOWN_CHARS = 400;

type Kept = { decision: 'allow' | 'deny' | 'ask'; reason: string | null };

interface State {
  /** Of what the state is: another one begins when the hook is changed. */
  of: string;
  circuit: Circuit;
  kept: Map<string, { answer: Kept; until: number }>;
  underWay: Map<string, Promise<HookAnswer>>;
  /** Questions under way, by caller. */
  callers: Map<string, number>;
  isAway: boolean;
  failing: HookState['failing'];
}

interface Outcome {
  answer: HookAnswer;
  keepMs: number;
  /** Undefined: it has answered, be it nonsense. */
  failure: Failure | undefined;
  sent: string;
  answered: string | null;
  /** It was this question that could not be put, and the hook may be well. */
  isOfQuestion?: boolean;
}

/** An answer as it is documented is short. What else came back may be any page of the receiver, which is not for whoever tests the hook. */
const beginningOf = (text: string): string => (text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`);

export function createAuthorizer(options: {
  sender: HookSender;
  audit: Pick<Audit, 'event'>;
  clock: Pick<Clock, 'now'>;
  /** A clock that never goes back, in milliseconds with fractions. */
  elapsedMs: () => number;
  log: Pick<Log, 'warn'>;
}): Authorizer {
  const { sender, audit, clock, elapsedMs, log } = options;
  const states = new Map<string, State & { workspaceId: string; hook: string }>();
  const listeners = new Set<(asked: Asked) => void>();

  /** What its state is of. */
  const ofHook = ({ name, url, secret, bearer, updatedAt }: AuthorizeHook): string =>
    JSON.stringify([name, url, secret, bearer, updatedAt]);

  function stateOf(workspaceId: string, hook: AuthorizeHook): State {
    const { name } = hook;
    const of = ofHook(hook);
    const known = states.get(workspaceId);
    if (known?.of === of) return known;
    const made = {
      ...{ workspaceId, hook: name, of, circuit: createCircuit(clock), isAway: false, failing: undefined },
      ...{ kept: new Map(), underWay: new Map(), callers: new Map() },
    };
    states.set(workspaceId, made);
    return made;
  }

  async function put(hook: AuthorizeHook, question: HookQuestion, stem: string): Promise<Outcome> {
    const { workspaceId } = question.principal;
    const id = randomUUID();
    const isSent = hook.sendsArguments;
    if (isSent && question.arguments.bytes > MOST_ARGUMENTS_BYTES)
      return {
        ...refused(
          `the arguments are ${question.arguments.bytes} bytes, and at most ${MOST_ARGUMENTS_BYTES} are sent to it`,
        ),
        isOfQuestion: true,
      };
    const argumentsText = isSent ? question.arguments.text() : undefined;
    const sent = questionText(stem, { id, now: clock.now(), argumentsText });
    // One time for everything: secrets that are read elsewhere, the connection, the answer. What comes later is not looked at.
    const signal = AbortSignal.timeout(hook.timeoutMs);
    try {
      const got = await untilAborted(
        sender.send(workspaceId, hook, { id, body: sent, keepsConnection: true }, signal),
        signal,
      );
      const answered = beginningOf(got.body.toString('utf8'));
      const read = readAnswer(got);
      if (read.kind === 'nonsense') return { ...refused(`it ${read.why}`), sent, answered };
      const { decision, reason, keepMs } = read;
      return { answer: { decision, reason }, keepMs, failure: undefined, sent, answered };
    } catch (error) {
      const failure = toGateError(error);
      if (signal.aborted)
        return { ...refused(`it did not answer within ${hook.timeoutMs} ms`), failure: 'silent', sent };
      log.warn({ err: failure, hook: hook.name }, 'a hook could not be asked');
      return { ...refused(whyOf(failure)), failure: isOfConnection(failure) ? 'unreached' : undefined, sent };
    }
  }

  function told(state: State, asked: Asked): HookAnswer {
    for (const listener of [...listeners]) listener(asked);
    noteWhetherAway(state, asked);
    return asked.answer;
  }

  function noteWhetherAway(state: State, { workspaceId: workspace_id, hook, answer }: Asked): void {
    const isAway = state.circuit.isOpen;
    if (isAway === state.isAway) return;
    state.isAway = isAway;
    const type = isAway ? 'hook.away' : 'hook.back';
    const why = answer.decision === 'away' ? { why: answer.reason } : {};
    audit
      .event({ workspace_id, type, actor: 'broker', subject: `hook:${hook}`, address: null, data: why })
      .catch((error: unknown) => log.warn({ err: error, hook }, 'that a hook is away, or back, could not be recorded'));
  }

  async function askNow(state: State, hook: AuthorizeHook, question: HookQuestion, stem: string): Promise<Outcome> {
    const who = callerOf(question);
    state.callers.set(who, (state.callers.get(who) ?? 0) + 1);
    try {
      const outcome = await put(hook, question, stem);
      if (outcome.failure !== undefined) state.circuit.failed(who, outcome.failure);
      else if (outcome.answered !== null) state.circuit.answered(who);
      const { answer, isOfQuestion = false } = outcome;
      if (answer.decision !== 'away') state.failing = undefined;
      else if (!isOfQuestion) state.failing = { since: state.failing?.since ?? clock.now(), why: answer.reason };
      return outcome;
    } finally {
      const left = (state.callers.get(who) ?? 1) - 1;
      if (left > 0) state.callers.set(who, left);
      else state.callers.delete(who);
    }
  }

  return {
    ask(hook, question) {
      const { workspaceId } = question.principal;
      const state = stateOf(workspaceId, hook);
      const startedAt = elapsedMs();
      const tell = (answer: HookAnswer, source: AnswerSource): HookAnswer =>
        told(state, { workspaceId, hook: hook.name, answer, source, ms: elapsedMs() - startedAt });
      const stem = questionStem(question);
      const key = questionKey(stem);
      const kept = state.kept.get(key);
      if (kept !== undefined && kept.until > clock.now()) return Promise.resolve(tell(kept.answer, 'kept'));
      state.kept.delete(key);
      const same = state.underWay.get(key);
      if (same !== undefined) return same.then((answer) => tell(answer, 'kept'));

      const who = callerOf(question);
      if (state.underWay.size >= MOST_UNDER_WAY || (state.callers.get(who) ?? 0) >= MOST_OF_ONE)
        return Promise.resolve(tell({ decision: 'away', reason: 'too many questions are under way to it' }, 'away'));
      const way = state.circuit.enter(who);
      if (way !== 'ask') {
        const reason = 'it did not answer the last questions';
        return Promise.resolve(tell({ decision: 'away', reason, retryAt: way }, 'away'));
      }
      const asking = askNow(state, hook, question, stem).then(({ answer, keepMs }) => {
        state.underWay.delete(key);
        if (answer.decision !== 'away' && keepMs > 0) keep(state, key, answer, clock.now() + keepMs);
        return tell(answer, answer.decision === 'away' ? 'none' : 'hook');
      });
      state.underWay.set(key, asking);
      return asking;
    },
    async try(hook, question) {
      const startedAt = elapsedMs();
      const { answer, sent, answered } = await put(hook, question, questionStem(question));
      const { workspaceId } = question.principal;
      const source: AnswerSource = answer.decision === 'away' ? 'none' : 'hook';
      const asked = { workspaceId, hook: hook.name, answer, source, ms: Math.round(elapsedMs() - startedAt) };
      // A test that fails may be of what was tested; one that is answered shows that the hook is there, and calls need not wait to find that out.
      const state = states.get(workspaceId);
      if (answer.decision !== 'away' && state?.of === ofHook(hook)) {
        state.failing = undefined;
        state.circuit.answered(callerOf(question));
        noteWhetherAway(state, asked);
      }
      return { ...asked, question: sent, answered } satisfies Tried;
    },
    onAsked(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    states: () =>
      [...states.values()].map(({ workspaceId, hook, isAway, failing }) => ({ workspaceId, hook, isAway, failing })),
  };
}

function keep(state: State, key: string, answer: Kept, until: number): void {
  if (state.kept.size >= MOST_KEPT) {
    const [oldest] = state.kept.keys();
    if (oldest !== undefined) state.kept.delete(oldest);
  }
  state.kept.set(key, { answer, until });
}

function refused(reason: string): Outcome {
  return { answer: { decision: 'away', reason }, keepMs: 0, failure: undefined, sent: '', answered: null };
}

function callerOf({ principal: { user, credential } }: HookQuestion): string {
  return user === undefined ? `grant:${credential.id}` : `user:${user.id}`;
}

/** Whether the hook's side failed, and not what was to be sent. */
const isOfConnection = (error: GateError): boolean => error instanceof NoAnswer && !error.isTooLong;

/** Names and addresses of what is behind the hook are in the broker's log. */
function whyOf(error: GateError): string {
  // There is no such secret, or it is no key.
  if (error.code === 'not_found' || error.code === 'usage') return error.message;
  if (error instanceof NoAnswer && error.isTooLong) return 'it answered with more than is read';
  if (error.code === 'forbidden') return 'its address may not be asked';
  return 'it could not be reached';
}

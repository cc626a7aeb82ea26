// Keeps questions that a server asks while no call of the client to it is under way (many servers ask for the roots as soon as they are
// connected). A modern client can only be asked in the result of a call, so a question waits for the next one.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Clock } from 'mcpgate-shared/clock';
import { errorReply } from '../../reply.ts';
import { withdrawn } from '../client-offers.ts';
import type { ServerQuestion, UpstreamReply } from '../../../upstreams/upstream.ts';

export interface Question extends ServerQuestion {
  /** It is mcpgate that asks, about this server. */
  isOwn?: boolean;
  /** Answers the question; only the first answer counts. */
  answer(reply: UpstreamReply): void;
}

export interface HeldQuestions {
  hold(sessionKey: string, question: Question): void;
  /** Removes and returns the questions of this server to this session. */
  take(sessionKey: string, server: string): readonly Question[];
  end(sessionKey: string): void;
}

const HOLD_MS = 60_000;
const MAX_HELD = 16;

export function createHeldQuestions(clock: Clock): HeldQuestions {
  const held = new Map<string, Set<{ question: Question; release: () => void }>>();

  return {
    hold(sessionKey, question) {
      const own = held.get(sessionKey) ?? new Set();
      if (own.size >= MAX_HELD)
        return question.answer(
          errorReply(RPC_CODE.serverError, `${MAX_HELD} questions wait for the AI client already`),
        );
      const give = (reply: UpstreamReply) => {
        entry.release();
        question.answer(reply);
      };
      const cancel = clock.after(HOLD_MS, () =>
        give(errorReply(RPC_CODE.serverError, 'the AI client made no call that could carry the question')),
      );
      const onAbort = () => give(withdrawn());
      const entry = {
        question,
        release() {
          cancel();
          question.signal.removeEventListener('abort', onAbort);
          own.delete(entry);
          if (own.size === 0) held.delete(sessionKey);
        },
      };
      question.signal.addEventListener('abort', onAbort, { once: true });
      own.add(entry);
      held.set(sessionKey, own);
    },
    take(sessionKey, server) {
      const entries = [...(held.get(sessionKey) ?? [])].filter(({ question }) => question.server === server);
      for (const { release } of entries) release();
      return entries.map(({ question }) => question);
    },
    end(sessionKey) {
      for (const { question, release } of [...(held.get(sessionKey) ?? [])]) {
        release();
        question.answer(withdrawn());
      }
    },
  };
}

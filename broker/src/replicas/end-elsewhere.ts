// Asks the other brokers to end the links and calls that a revocation concerns, and adds up how many each of them has ended.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../domain/bus.ts';
import type { EndedElsewhere } from '../domain/people/receipt.ts';
import type { Revocation } from '../domain/people/revocation.ts';
import { askOthers } from './ask-others.ts';

/** How long the administrator's command waits for the answers of the other brokers. */
const ANSWER_LIMIT_MS = 500;

export function createEndElsewhere(parts: {
  bus: Bus;
  clock: Clock;
}): (revocations: readonly Revocation[]) => Promise<EndedElsewhere> {
  return async (revocations) => {
    if (revocations.length === 0) return { linksClosed: 0, callsCancelled: 0, unconfirmed: [] };
    const { answers, unconfirmed } = await askOthers(
      parts,
      ANSWER_LIMIT_MS,
      (question) => ({ kind: 'revoked', question, revocations }),
      (message, question) => (message.kind === 'ended' && message.question === question ? message : undefined),
    );
    const sum = (of: 'linksClosed' | 'callsCancelled') => answers.reduce((all, each) => all + each[of], 0);
    return { linksClosed: sum('linksClosed'), callsCancelled: sum('callsCancelled'), unconfirmed };
  };
}

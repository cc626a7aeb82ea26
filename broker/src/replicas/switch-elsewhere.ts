// Has the other brokers confirm that no new call of theirs carries an earlier version of a secret, and says how many that run still do.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bus } from '../domain/bus.ts';
import { askOthers } from './ask-others.ts';

/** Longer than for a revocation: who changes a secret would rather wait than not know. */
const ANSWER_LIMIT_MS = 5_000;

export interface SwitchedElsewhere {
  /** How many other brokers have confirmed it. */
  brokers: number;
  /** Where those run that have not. */
  unconfirmed: string[];
  /** Calls under way there that carry an earlier version. */
  pending: number;
}

/** `waitMs`: how long each broker waits for such calls to end. */
export type SwitchElsewhere = (
  secret: { workspaceId: string; name: string },
  waitMs?: number,
) => Promise<SwitchedElsewhere>;

export function createSwitchElsewhere(parts: { bus: Bus; clock: Clock }): SwitchElsewhere {
  return async ({ workspaceId, name }, waitMs = 0) => {
    const { answers, unconfirmed } = await askOthers(
      parts,
      ANSWER_LIMIT_MS + waitMs,
      (question) => ({ kind: 'switched', question, workspaceId, name, waitMs }),
      (message, question) => (message.kind === 'switched-too' && message.question === question ? message : undefined),
    );
    return { brokers: answers.length, unconfirmed, pending: answers.reduce((sum, each) => sum + each.pending, 0) };
  };
}

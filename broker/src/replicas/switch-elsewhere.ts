// Has the other brokers confirm that no new call of theirs carries an earlier version of a secret.
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
}

export type SwitchElsewhere = (secret: { workspaceId: string; name: string }) => Promise<SwitchedElsewhere>;

export function createSwitchElsewhere(parts: { bus: Bus; clock: Clock }): SwitchElsewhere {
  return async ({ workspaceId, name }) => {
    const { answers, unconfirmed } = await askOthers(
      parts,
      ANSWER_LIMIT_MS,
      (question) => ({ kind: 'switched', question, workspaceId, name }),
      (message, question) => (message.kind === 'switched-too' && message.question === question ? message : undefined),
    );
    return { brokers: answers.length, unconfirmed };
  };
}

// Who has read the log is an event of the log. A program that asks the same every few seconds would fill it with that, so the same question of
// the same caller has a row once a minute.
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../../audit/audit.ts';
import type { AuditEvent } from '../../domain/call-record.ts';
import { eventBy, type Caller } from '../operation.ts';

type Kind = 'audit.searched' | 'audit.followed' | 'audit.shown' | 'audit.exported' | 'audit.reported';

export interface ReadLog {
  /**
   * `asked`: what was asked for. Throws `unavailable` where it cannot be recorded: what cannot be recorded is not answered. On the broker's
   * own host it is answered all the same, because whoever looks there for what ails the log can read its files.
   */
  note(caller: Caller, type: Kind, asked: Readonly<Record<string, string | number | undefined>>): Promise<void>;
}

const SAME_MS = 60_000;
const MOST_KEPT = 1_000;

export function createReadLog(audit: Pick<Audit, 'event' | 'unwritable'>, clock: Pick<Clock, 'now'>): ReadLog {
  /** When each question was recorded last; the oldest first. */
  const recorded = new Map<string, number>();
  return {
    async note(caller, type, asked) {
      // Where in a list somebody is says nothing of what they look for.
      const { cursor: _cursor, limit: _limit, after: _after, ...said } = asked;
      const data: AuditEvent['data'] = Object.fromEntries(
        Object.entries(said).filter((entry): entry is [string, string | number] => entry[1] !== undefined),
      );
      const question = JSON.stringify([caller.workspaceId, caller.actor.name, caller.actor.address, type, data]);
      if (clock.now() - (recorded.get(question) ?? -SAME_MS) < SAME_MS) return;
      try {
        await audit.event(eventBy(caller, { type, subject: null, data }));
      } catch (error) {
        if (caller.credential.kind === 'socket' && audit.unwritable !== undefined) return;
        throw error;
      }
      recorded.delete(question);
      recorded.set(question, clock.now());
      if (recorded.size <= MOST_KEPT) return;
      const [oldest] = recorded.keys();
      if (oldest !== undefined) recorded.delete(oldest);
    },
  };
}

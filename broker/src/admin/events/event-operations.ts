// The operation of following what changes. That somebody follows the log is an event of the log.
import { eventsApi, TOPICS, type Topic } from 'mcpgate-shared/api/events/events';
import { createReadLog } from '../audit/audit-reads.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { rawOperation, type Operation } from '../operation.ts';
import { createEventHub } from './event-hub.ts';
import { hearsAll } from './heard-by.ts';

/** Topics in which the log is told as it is. */
const LOG: ReadonlySet<Topic> = new Set(['calls', 'log']);

export function eventOperations(
  dependencies: Pick<
    AdminDependencies,
    'audit' | 'store' | 'approvals' | 'upstreams' | 'hooks' | 'links' | 'clock' | 'facts' | 'isDraining'
  >,
): Operation[] {
  const { audit, clock } = dependencies;
  const hub = createEventHub(dependencies);
  const reads = createReadLog(audit, clock);
  const isTopic = (name: string): name is Topic => Object.hasOwn(TOPICS, name);

  return [
    rawOperation(eventsApi.follow, ({ query, lastEventId }, caller, signal) => {
      const asked = query.topics?.split(',').filter(isTopic);
      const topics = asked && [...new Set(asked)];
      const stream = hub.follow(caller, { topics, after: lastEventId ?? query.after }, signal);
      return (async function* () {
        const ofOthers = hearsAll(caller, 'calls') && (topics ?? ['calls', 'log']).some((topic) => LOG.has(topic));
        if (ofOthers) await reads.note(caller, 'audit.followed', { what: 'events' });
        yield* stream;
      })();
    }),
  ];
}

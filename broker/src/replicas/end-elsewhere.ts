// Asks the other brokers to end the links and calls that a revocation concerns, and adds up how many each of them has ended.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { BrokerName, Bus } from '../domain/bus.ts';
import type { EndedElsewhere } from '../domain/receipt.ts';
import type { Revocation } from '../domain/revocation.ts';

const UNHEARD = 'other brokers, of which this one does not hear now';
/** How long the administrator's command waits for the answers of the other brokers. */
const ANSWER_LIMIT_MS = 500;

export function createEndElsewhere(parts: {
  bus: Bus;
  clock: Clock;
}): (revocations: readonly Revocation[]) => Promise<EndedElsewhere> {
  const { bus, clock } = parts;
  return async (revocations) => {
    if (revocations.length === 0) return { linksClosed: 0, callsCancelled: 0, unconfirmed: [] };
    const answers = new Map<string, { linksClosed: number; callsCancelled: number }>();
    const question = randomUUID();
    let asked: readonly BrokerName[] | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (asked?.every(({ name }) => answers.has(name)) === true) over();
      };
      const stop = bus.listen((event) => {
        if (event.kind !== 'message' || event.message.kind !== 'ended') return;
        if (event.message.question !== question) return;
        answers.set(event.from.name, event.message);
        look();
      });
      const cancel = clock.after(ANSWER_LIMIT_MS, () => over());
      const over = (): void => {
        cancel();
        stop();
        resolve();
      };
      bus.publish({ kind: 'revoked', question, revocations }).then(() => {
        asked = bus.others();
        look();
      }, over);
    });
    // A broker that has left meanwhile has ended everything; one that came meanwhile has read the revocation from the store.
    const isAsked = ({ name }: BrokerName) => asked?.some((each) => each.name === name) ?? true;
    const unanswered = bus.others().filter((other) => isAsked(other) && !answers.has(other.name));
    const sum = (of: 'linksClosed' | 'callsCancelled') =>
      [...answers.values()].reduce((all, each) => all + each[of], 0);
    return {
      linksClosed: sum('linksClosed'),
      callsCancelled: sum('callsCancelled'),
      // If this broker does not hear its own question come back, it does not know which other brokers there are.
      unconfirmed: [
        ...[...unanswered, ...bus.silent()].map(({ location }) => location),
        ...(asked === undefined ? [UNHEARD] : []),
      ],
    };
  };
}

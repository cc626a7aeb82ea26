// Has the other brokers end what they have of a revocation, and adds up what they say.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { BrokerName, Bus } from '../domain/bus.ts';
import type { EndedElsewhere } from '../domain/receipt.ts';
import type { Revocation } from '../domain/revocation.ts';

const UNHEARD = 'other brokers, of which this one does not hear now';
/** The command that revokes waits so long for them. */
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
    // Who has left meanwhile has ended everything; who came meanwhile knows it from the store.
    const isAsked = ({ name }: BrokerName) => asked?.some((each) => each.name === name) ?? true;
    const unanswered = bus.others().filter((other) => isAsked(other) && !answers.has(other.name));
    const sum = (of: 'linksClosed' | 'callsCancelled') =>
      [...answers.values()].reduce((all, each) => all + each[of], 0);
    return {
      linksClosed: sum('linksClosed'),
      callsCancelled: sum('callsCancelled'),
      // Whose question does not come round does not know who is there.
      unconfirmed: [
        ...[...unanswered, ...bus.silent()].map(({ place }) => place),
        ...(asked === undefined ? [UNHEARD] : []),
      ],
    };
  };
}

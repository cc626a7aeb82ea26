// Asks all other brokers something over the bus, and waits for their answers for a bounded time.
import { randomUUID } from 'node:crypto';
import type { Clock } from 'mcpgate-shared/clock';
import type { BrokerName, Bus, BusMessage } from '../domain/bus.ts';

const UNHEARD = 'other brokers, of which this one does not hear now';

export interface Answers<A> {
  answers: A[];
  /** Where the brokers run that have not answered in time, or of which it is not known whether they are there. */
  unconfirmed: string[];
}

/** `answerIn`: what a message says to this question; undefined where it is another one. */
export async function askOthers<A>(
  { bus, clock }: { bus: Bus; clock: Clock },
  limitMs: number,
  question: (id: string) => BusMessage,
  answerIn: (message: BusMessage, id: string) => A | undefined,
): Promise<Answers<A>> {
  const answers = new Map<string, A>();
  const id = randomUUID();
  let asked: readonly BrokerName[] | undefined;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (asked?.every(({ name }) => answers.has(name)) === true) over();
    };
    const stop = bus.listen((event) => {
      if (event.kind !== 'message') return;
      const answer = answerIn(event.message, id);
      if (answer === undefined) return;
      answers.set(event.from.name, answer);
      look();
    });
    const cancel = clock.after(limitMs, () => over());
    const over = (): void => {
      cancel();
      stop();
      resolve();
    };
    bus.publish(question(id)).then(() => {
      asked = bus.others();
      look();
    }, over);
  });
  // A broker that has left meanwhile has nothing left to do; one that came meanwhile has read what is in the store.
  const isAsked = ({ name }: BrokerName) => asked?.some((each) => each.name === name) ?? true;
  const unanswered = bus.others().filter((other) => isAsked(other) && !answers.has(other.name));
  return {
    answers: [...answers.values()],
    // If this broker does not hear its own question come back, it does not know which other brokers there are.
    unconfirmed: [
      ...[...unanswered, ...bus.silent()].map(({ location }) => location),
      ...(asked === undefined ? [UNHEARD] : []),
    ],
  };
}

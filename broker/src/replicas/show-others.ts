// Asks the other brokers over the same database how they are, for the page that shows them.
import type { Clock } from 'mcpgate-shared/clock';
import type { BrokerFigures, BrokerName, Bus } from '../domain/bus.ts';
import { askOthers } from './ask-others.ts';

/** How long a page waits for the answers. */
const ANSWER_LIMIT_MS = 500;

export interface OtherBroker {
  location: string;
  /** Undefined: it has not answered in time, or its version does not know the question. */
  figures: BrokerFigures | undefined;
}

export type ShowOthers = () => Promise<OtherBroker[]>;

export function createShowOthers(parts: { bus: Bus; clock: Clock }): ShowOthers {
  return async () => {
    const figures = new Map<string, BrokerFigures>();
    const stop = parts.bus.listen((event) => {
      if (event.kind === 'message' && event.message.kind === 'shown') figures.set(event.from.name, event.message);
    });
    try {
      await askOthers(
        parts,
        ANSWER_LIMIT_MS,
        (question) => ({ kind: 'show', question }),
        (message, question) => (message.kind === 'shown' && message.question === question ? message : undefined),
      );
    } finally {
      stop();
    }
    return parts.bus
      .others()
      .map(({ name, location }: BrokerName) => ({ location, figures: figures.get(name) }))
      .toSorted((one, other) => one.location.localeCompare(other.location));
  };
}

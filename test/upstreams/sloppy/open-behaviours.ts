// Servers that leave open what should end, or never answer.
import type { Behaviour, Exchange } from './behaviour.ts';

const EVENTS = { 'content-type': 'text/event-stream' };

/** Sees to the notifications of a client in its own way. */
function notes(see: (response: Exchange['response']) => void): Behaviour {
  return {
    http({ got, response }) {
      if (got === undefined || got.id !== undefined) return false;
      see(response);
      return true;
    },
  };
}

export const OPEN = {
  /** Takes a notification, and leaves the answer to it open. */
  'notes-202-open': notes((response) => {
    response.writeHead(202);
    response.flushHeaders();
  }),
  'notes-stream-open': notes((response) => {
    response.writeHead(200, EVENTS);
    response.write(': thank you\n\n');
  }),
  'notes-unanswered': notes(() => undefined),
  /** Answers, and leaves open what it was asked in: the stream of the answer, or the answer to a POST of 2024-11-05. */
  'answers-stay-open': {
    http({ request, got, response, message, write }) {
      if (got?.id === undefined) return false;
      const event = `event: message\ndata: ${message() ?? ''}\n\n`;
      const isOld = request.url?.startsWith('/messages') === true;
      response.writeHead(isOld ? 202 : 200, EVENTS);
      if (isOld) response.flushHeaders();
      if (isOld) write(event);
      else response.write(event);
      return true;
    },
  },
  /** Never says a word. */
  mute: { answer: () => 'nothing' },
  /** Knows the handshake, and nothing after it. */
  'lists-unanswered': { answer: ({ method }) => (method?.endsWith('/list') === true ? 'nothing' : undefined) },
} satisfies Readonly<Record<string, Behaviour>>;

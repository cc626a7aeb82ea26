// What the transports of the sloppy server have in common: a message comes in, and what is said to it by the behaviour or plainly.
import type { Behaviour, Got } from './behaviour.ts';
import { createPlainServer, type PlainServer } from './plain-answers.ts';

export interface Conversation {
  readonly plain: PlainServer;
  /** Every message, in order. */
  readonly received: readonly Got[];
  read(text: string): Got;
  /** The answer as a message, or undefined where there is none. To be asked once a message. */
  answerTo(got: Got, behaviour: Behaviour): string | undefined;
}

export function createConversation(): Conversation {
  const plain = createPlainServer();
  const received: Got[] = [];
  return {
    plain,
    received,
    read(text) {
      const { method, id, params } = JSON.parse(text) as { method?: string; id?: unknown; params?: Got['params'] };
      const earlier = received.filter((each) => each.method === method).length;
      const got = { method, id, params: params ?? {}, earlier };
      received.push(got);
      return got;
    },
    answerTo(got, behaviour) {
      if (got.id === undefined || got.method === undefined) return undefined;
      const said = behaviour.answer?.(got) ?? plain.answer(got);
      if (said === 'nothing') return undefined;
      const member = 'result' in said ? `"result":${said.result}` : `"error":${said.error}`;
      return `{"jsonrpc":"2.0","id":${JSON.stringify(got.id)},${member}}`;
    },
  };
}

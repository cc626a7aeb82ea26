// What the AI client asked and has no answer to, by id; what of it waits for a channel, in order; and what servers asked the client. Keeps
// the books only: when something is sent or answered, and how, is the session's matter.
import type { ClientMessage } from './client-message.ts';
import type { ResumableChannel } from '../channel/resumable-channel.ts';

export interface Entry extends ClientMessage {
  line: Buffer;
  /** The channel that it was given to: from then on it may have been carried out. */
  via: ResumableChannel | undefined;
  /** On that channel, the sequence number behind it. */
  upTo: number;
  since: number;
}

export interface OpenRequests {
  /** Requests without an answer. */
  readonly size: number;
  values(): Iterable<Entry>;
  /** A request: from now on somebody waits for its answer. */
  add(id: string, entry: Entry): void;
  /** It has its answer. Undefined: nobody waits for one. */
  settle(id: string | undefined): Entry | undefined;
  /** The client does not want an answer any more; where it was not sent, nothing needs to be. Else: where it was. */
  cancel(message: ClientMessage): ResumableChannel | 'not_sent' | undefined;
  /** Whether somebody waits for an answer that comes on the channel. */
  areAwaited(channel: ResumableChannel): boolean;

  /** Requests and notifications that wait for a channel, in order. */
  readonly waiting: readonly Entry[];
  hold(entry: Entry): void;
  /** Takes out of `waiting` what is to go, in order. */
  release(isDue: (entry: Entry) => boolean): Entry[];

  /** A server asks the client: the answer goes back the same way. */
  asked(id: string, from: ResumableChannel): void;
  /** Where the answer goes. */
  askedFrom(id: string): ResumableChannel | undefined;

  /**
   * The broker has nothing of the channel any more: what it had taken has an unknown outcome, and is forgotten; what it had not (from `taken`
   * on), and what can be asked twice, waits again, before everything else.
   */
  lose(channel: ResumableChannel, taken: number): { unknown: string[]; again: Entry[] };
}

export function createOpenRequests(): OpenRequests {
  const entries = new Map<string, Entry>();
  const questions = new Map<string, ResumableChannel>();
  let waiting: Entry[] = [];

  return {
    get size() {
      return entries.size;
    },
    values: () => entries.values(),
    add: (id, entry) => void entries.set(id, entry),
    settle(id) {
      if (id === undefined) return undefined;
      const entry = entries.get(id);
      entries.delete(id);
      return entry;
    },
    cancel({ params }) {
      const key = JSON.stringify(params['requestId']);
      const entry = entries.get(key);
      entries.delete(key);
      if (entry === undefined || entry.via !== undefined) return entry?.via;
      waiting = waiting.filter((each) => each !== entry);
      return 'not_sent';
    },
    areAwaited(channel) {
      for (const { via } of entries.values()) if (via === channel) return true;
      return false;
    },

    get waiting() {
      return waiting;
    },
    hold: (entry) => void waiting.push(entry),
    release(isDue) {
      const due: Entry[] = [];
      const later: Entry[] = [];
      for (const entry of waiting) (isDue(entry) ? due : later).push(entry);
      waiting = later;
      return due;
    },

    asked: (id, from) => void questions.set(id, from),
    askedFrom(id) {
      const from = questions.get(id);
      questions.delete(id);
      return from;
    },

    lose(channel, taken) {
      for (const [id, from] of questions) if (from === channel) questions.delete(id);
      const unknown: string[] = [];
      const again: Entry[] = [];
      for (const [key, entry] of [...entries]) {
        if (entry.via !== channel) continue;
        if (entry.method === 'tools/call' && entry.upTo <= taken) {
          entries.delete(key);
          unknown.push(key);
        } else {
          const fresh = { ...entry, via: undefined, upTo: 0 };
          entries.set(key, fresh);
          again.push(fresh);
        }
      }
      waiting = [...again, ...waiting];
      return { unknown, again };
    },
  };
}

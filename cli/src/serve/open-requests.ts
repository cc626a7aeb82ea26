// Keeps track of the AI client's unanswered requests by id, of the messages that wait for a channel, and of servers' questions to the client. The
// session (`serve-session.ts`) decides when and how something is sent or answered.
import type { ClientMessage } from './client-message.ts';
import type { ResumableChannel } from '../channel/resumable-channel.ts';

export interface Entry extends ClientMessage {
  line: Buffer;
  /** The channel on which the request was sent; from then on it may have been carried out. */
  via: ResumableChannel | undefined;
  /** The sequence number after the request on that channel. */
  upTo: number;
  since: number;
}

export interface OpenRequests {
  /** Requests without an answer. */
  readonly size: number;
  values(): Iterable<Entry>;
  /** Adds a request that waits for its answer. */
  add(id: string, entry: Entry): void;
  /** Removes a request that has its answer. Undefined: no request with that id waits for one. */
  settle(id: string | undefined): Entry | undefined;
  /**
   * Removes a request that the client has cancelled. Returns the channel on which it was sent, or `not_sent`; undefined: there is no such
   * request.
   */
  cancel(message: ClientMessage): ResumableChannel | 'not_sent' | undefined;
  /** Whether a request waits for its answer on the channel. */
  areAwaited(channel: ResumableChannel): boolean;

  /** Requests and notifications that wait for a channel, in order. */
  readonly waiting: readonly Entry[];
  hold(entry: Entry): void;
  /** Removes from `waiting`, in order, the messages for which `isDue` returns true, and returns them. */
  release(isDue: (entry: Entry) => boolean): Entry[];

  /** Notes the channel on which a server's question to the client has come. */
  asked(id: string, from: ResumableChannel): void;
  /** The channel on which the client's answer must be sent. */
  askedFrom(id: string): ResumableChannel | undefined;

  /**
   * The broker no longer has the channel, and had read everything before sequence number `taken`. `unknown`: ids of removed requests that it had
   * read, whose outcome is unknown. `again`: requests that it had not read or that can be repeated; they wait again, before all others.
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

// A laptop without its process: the daemon's own link to the broker and one session of `mcpgate serve` over it, thousands of them in one process.
import { randomBytes } from 'node:crypto';
import { systemClock } from 'mcpgate-shared/clock';
import { HEADER_BYTES, readFrame } from 'mcpgate-shared/link/frame';
import { createBrokerLink } from '../../cli/src/daemon/broker-link.ts';
import { PREFIX_BYTES } from '../../cli/src/channel/frame-stream.ts';
import { createMovingChannel } from '../../cli/src/channel/moving-channel.ts';

export interface RushLaptop {
  /** The text of the answer to a call of `counting__echo`; rejects where it is an error. */
  echo(text: string): Promise<string>;
  close(): void;
}

interface Answer {
  id?: unknown;
  result?: { isError?: boolean; content?: { text?: string }[] };
  error?: { message?: string };
}

const CLIENT = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'rush', version: '1.0.0' } };

export function openRushLaptop(options: {
  broker: string;
  token: string;
  /** Its session is there; again after each loss. */
  onLive: () => void;
  /** The link has gone. */
  onLost: () => void;
}): RushLaptop {
  const { broker, token } = options;
  const waiting = new Map<number, { resolve: (text: string) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  let isOpen = false;
  const silent = () => undefined;

  const send = (message: object) =>
    void channel.current.send(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message })));
  const failAll = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  const channel = createMovingChannel({
    clock: systemClock,
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    randomSecret: () => randomBytes(32).toString('base64url'),
    view: {},
    toLink: (frame) => link.send(frame.subarray(PREFIX_BYTES)),
    onMessage(message) {
      const { id, result, error } = JSON.parse(message.toString('utf8')) as Answer;
      if (id === 'initialize') options.onLive();
      channel.settle();
      if (typeof id !== 'number') return;
      const requester = waiting.get(id);
      waiting.delete(id);
      const text = result?.content?.[0]?.text ?? error?.message ?? '';
      if (error === undefined && result?.isError !== true) requester?.resolve(text);
      else requester?.reject(new Error(text));
    },
    onOversize: silent,
    onLost: () => failAll('the outcome is unknown'),
    onLive(fresh) {
      if (!fresh) return options.onLive();
      send({ id: 'initialize', method: 'initialize', params: CLIENT });
      send({ method: 'notifications/initialized' });
    },
    isAwaited: () => waiting.size > 0,
  });
  const link = createBrokerLink({
    tokens: { broker, token: () => Promise.resolve({ kind: 'token', token, expiresAt: null }) },
    clock: systemClock,
    random: Math.random,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    instance: randomBytes(8).toString('hex'),
    pages: undefined,
    words: (text) => text,
    socketOptions: () => ({}),
    onFrame(frame) {
      const header = readFrame(frame);
      if (typeof header !== 'string') channel.receive(header, frame.subarray(HEADER_BYTES));
    },
    onState(state) {
      const wasOpen = isOpen;
      isOpen = state === 'open';
      if (isOpen && !wasOpen) channel.linkUp(link.welcomedBy);
      if (isOpen || !wasOpen) return;
      channel.linkDown();
      options.onLost();
    },
    onWritable: () => channel.pump(),
    onDraining: silent,
    onRetired: silent,
    isSuccessor: false,
  });
  link.wake();

  return {
    echo: (text) =>
      new Promise((resolve, reject) => {
        const id = (lastId += 1);
        waiting.set(id, { resolve, reject });
        send({ id, method: 'tools/call', params: { name: 'counting__echo', arguments: { text } } });
      }),
    close() {
      isOpen = false; // it goes by itself: that is no loss
      link.close();
      failAll('closed');
    },
  };
}

// The switch of one link: local clients on one side, the WebSocket on the other. A channel gets a new number with every `open`, so
// that what an earlier link still had under way can never reach it.
import { FrameKind, readFrame, setChannel, writeFrame } from 'mcpgate-shared/frame';
import { toPayload } from 'mcpgate-shared/link-message';
import type { BrokerLink } from './broker-link.ts';
import type { LocalClient } from './local-client.ts';

export interface LinkSwitch {
  readonly link: BrokerLink;
  readonly clients: ReadonlySet<LocalClient>;
  add(client: LocalClient): void;
  remove(client: LocalClient): void;
  fromClient(client: LocalClient, kind: FrameKind, frame: Buffer): void;
}

export function createLinkSwitch(
  makeLink: (events: {
    onFrame: (frame: Buffer) => void;
    onWritable: () => void;
    onState: BrokerLinkState;
  }) => BrokerLink,
): LinkSwitch {
  const clients = new Set<LocalClient>();
  const byNumber = new Map<number, LocalClient>();
  const numbers = new Map<LocalClient, number>();
  let lastNumber = 0;

  const forget = (client: LocalClient) => {
    const number = numbers.get(client);
    if (number === undefined) return;
    numbers.delete(client);
    byNumber.delete(number);
  };

  const link = makeLink({
    onFrame(frame) {
      const header = readFrame(frame);
      if (typeof header === 'string') return;
      const client = byNumber.get(header.channel);
      if (client === undefined) return; // its client has gone, or has opened anew
      client.deliver(frame);
      if (header.kind === FrameKind.close) forget(client);
    },
    onWritable() {
      for (const client of clients) client.resume();
    },
    onState(state, message) {
      if (state !== 'open') {
        byNumber.clear();
        numbers.clear();
        for (const client of clients) client.resume();
      }
      for (const client of clients) client.send({ type: 'link', state, message });
    },
  });

  return {
    link,
    clients,
    add(client) {
      link.wake();
      clients.add(client);
      client.send({ type: 'link', state: link.state, message: link.message });
    },
    remove(client) {
      clients.delete(client);
      const number = numbers.get(client);
      if (number === undefined) return;
      forget(client);
      const header = { kind: FrameKind.close, flags: 0, channel: number, seq: 0, ack: 0 };
      link.send(writeFrame(header, toPayload({ code: 'gone', message: 'its process has ended' })));
    },
    fromClient(client, kind, frame) {
      if (link.state !== 'open') return; // the channel sends it again on the next link
      if (kind === FrameKind.open) {
        forget(client);
        lastNumber = lastNumber === 0xffff_ffff ? 1 : lastNumber + 1;
        numbers.set(client, lastNumber);
        byNumber.set(lastNumber, client);
      }
      const number = numbers.get(client);
      if (number === undefined) return; // closed by the broker while this was on its way
      setChannel(frame, number);
      if (!link.send(frame)) for (const each of clients) each.pause();
      if (kind === FrameKind.close) forget(client);
    },
  };
}

export type BrokerLinkState = (state: BrokerLink['state'], message: string | null) => void;

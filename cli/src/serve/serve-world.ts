// For tests: a serve session whose time, link and broker's end are moved by hand.
import assert from 'node:assert/strict';
import { CHANNEL_DEFAULTS, createChannel, type Channel } from 'mcpgate-shared/link/channel';
import { steppedClock } from 'mcpgate-shared/fixtures/stepped-clock';
import { FrameKind, HEADER_BYTES, readFrame, writeFrame } from 'mcpgate-shared/link/frame';
import { readOpen, toPayload, type OpenMessage } from 'mcpgate-shared/link/link-message';
import { PREFIX_BYTES } from '../local/frame-stream.ts';
import { createLastKnown } from './last-known.ts';
import { createServeSession } from './serve-session.ts';

/** Copies that clients of one login share. */
type Copies = Map<string, Record<string, string>>;

/** A session, and a broker's end that can be restarted; answers to requests are written by hand. */
export function createServeWorld(files: Copies = new Map()) {
  const clock = steppedClock();
  const out: Record<string, unknown>[] = [];
  const asked: Record<string, unknown>[] = [];
  const opens: OpenMessage[] = [];
  let login: string | undefined = 'ada';
  const begun: { browser: boolean }[] = [];
  let count = 0;
  let brokerEnd: Channel | undefined;
  let up = true;
  let opening = false;
  const limits = { maxMessageBytes: 1 << 26, backlogBytes: 1 << 24, resumeMs: 300_000 };

  const makeBrokerEnd = () =>
    createChannel({
      ...CHANNEL_DEFAULTS,
      clock,
      onMessage: (message) => asked.push(JSON.parse(message.toString()) as Record<string, unknown>),
      onReady: pump,
      onBroken: (reason) => assert.fail(reason),
      onOversize: () => assert.fail('too large'),
      onFatal: (code) => assert.fail(code),
    });
  function pump(): void {
    for (let frame = opening ? undefined : brokerEnd?.next(); frame && up; frame = brokerEnd?.next()) {
      const header = readFrame(frame);
      assert.ok(typeof header === 'object');
      session.fromLink(header, frame.subarray(HEADER_BYTES));
    }
  }
  function toLink(bytes: Buffer): boolean {
    if (!up) return true;
    const frame = Buffer.from(bytes.subarray(PREFIX_BYTES));
    const header = readFrame(frame);
    assert.ok(typeof header === 'object');
    const payload = frame.subarray(HEADER_BYTES);
    if (header.kind !== FrameKind.open) {
      brokerEnd?.receive(header, payload);
      return true;
    }
    const open = readOpen(payload);
    assert.ok(open);
    const resumed = brokerEnd !== undefined && opens.at(-1)?.id === open.id;
    if (!resumed) brokerEnd = undefined;
    opens.push(open);
    opening = true; // `opened` goes before everything else
    brokerEnd ??= makeBrokerEnd();
    assert.ok(brokerEnd.attach(1, resumed ? open.next : 0, open.windowBytes));
    const opened = { next: brokerEnd.nextReceive, windowBytes: 1 << 20, resumed, ...limits };
    const bytesOf = writeFrame({ kind: FrameKind.opened, flags: 0, channel: 1, seq: 0, ack: 0 }, toPayload(opened));
    const answer = readFrame(bytesOf);
    assert.ok(typeof answer === 'object');
    session.fromLink(answer, bytesOf.subarray(HEADER_BYTES));
    opening = false;
    pump();
    return true;
  }
  const session = createServeSession({
    clock,
    randomHex: (bytes) => String(++count).padStart(bytes * 2, '0'),
    randomSecret: () => 's'.repeat(43),
    view: {},
    toLink,
    toClient(message) {
      out.push(JSON.parse(message.toString()) as Record<string, unknown>);
      return true;
    },
    beginLogin: (wanted) => begun.push(wanted),
    lastKnown: createLastKnown({
      login: () => login,
      view: {},
      files: {
        read: (key) => files.get(key) ?? {},
        write: (key, copies) => void files.set(key, copies),
      },
    }),
  });
  return {
    session,
    limits,
    clock,
    out,
    asked,
    opens,
    begun,
    logIn(name: string | undefined) {
      login = name;
    },
    say: (message: object) => session.fromClient(Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }))),
    answer: (id: unknown, result: object) =>
      brokerEnd?.send(Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${JSON.stringify(result)}}`)),
    cut() {
      up = false;
      brokerEnd?.detach();
      session.linkState('waiting', 'the link was lost');
    },
    back(broker?: string) {
      up = true;
      session.linkState('open', null, broker);
    },
    /** A link that swallows everything from the first frame on, and is taken for open. */
    swallow() {
      up = false;
      session.linkState('open', null);
    },
    /** Of the same login, with a broker's end of its own. */
    anotherClient: () => createServeWorld(files),
    /** The link swallows everything, and nobody has noticed yet. */
    choke() {
      up = false;
    },
    /** The broker's end refuses to go on with the channel. */
    refuse(code: 'protocol' | 'refused' | 'gone', taken?: number) {
      const frame = writeFrame(
        { kind: FrameKind.close, flags: 0, channel: 1, seq: 0, ack: 0 },
        toPayload({ code, message: '', ...(taken !== undefined && { taken }) }),
      );
      const close = readFrame(frame);
      assert.ok(typeof close === 'object');
      session.fromLink(close, frame.subarray(HEADER_BYTES));
    },
    /** The broker's process is a new one. */
    restart() {
      brokerEnd = undefined;
    },
  };
}

export const initialize = { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {} } };
export const call = (id: number) => ({ id, method: 'tools/call', params: { name: 'github__search', arguments: {} } });
export const textOf = (message: Record<string, unknown> | undefined) =>
  (message?.['result'] as { content: { text: string }[] } | undefined)?.content[0]?.text ?? '';

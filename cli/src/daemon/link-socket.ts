// Opens one WebSocket to the broker with a token, and sorts its events. broker-link.ts decides what they mean and when to open the next socket.
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { CLOSE_CODE, SUBPROTOCOL } from 'mcpgate-shared/link/close-code';
import { FRAME_MAX_BYTES, FrameKind, HEADER_BYTES, LINK_CHANNEL, readFrame } from 'mcpgate-shared/link/frame';
import { PAGES_HEADER } from 'mcpgate-shared/link/link-message';
import { VERSION } from 'mcpgate-shared/version';

const HANDSHAKE_MS = 15_000;

/** TLS and proxy settings. */
export type SocketOptions = Pick<WebSocket.ClientOptions, 'agent'>;

export interface LinkSocketOptions extends SocketOptions {
  broker: string;
  token: string;
  instance: string;
  /** Whether pages can be opened for the person. */
  opensPages: boolean;
  /** Whether the broker has sent `welcome`; from then on every end of the socket is reported by `onClosed`. */
  isWelcome: () => boolean;
  /** Bytes have arrived. */
  onHeard: () => void;
  /** A pong has arrived. */
  onPonged: () => void;
  /** A frame of a channel has arrived. */
  onFrame: (frame: Buffer) => void;
  /** A control message has arrived. */
  onControl: (payload: Buffer) => void;
  /** The upgrade was answered with an HTTP status; no other event follows. */
  onRefused: (response: IncomingMessage) => void;
  /** The socket has failed. After `welcome`, `onClosed` follows; before it, no other event does. */
  onFailed: (error: Error) => void;
  onClosed: (code: number, reason: string) => void;
}

/** Throws where the broker's address or the settings are invalid. */
export function openLinkSocket(options: LinkSocketOptions): WebSocket {
  const { broker, agent } = options;
  const url = `${broker.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/tunnel`;
  const socket = new WebSocket(url, SUBPROTOCOL, {
    ...(agent !== undefined && { agent }),
    headers: {
      authorization: `Bearer ${options.token}`,
      'mcpgate-instance': options.instance,
      ...(options.opensPages && { [PAGES_HEADER]: 'yes' }),
      'user-agent': `mcpgate/${VERSION}`,
    },
    handshakeTimeout: HANDSHAKE_MS,
    maxPayload: FRAME_MAX_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
  });
  let isSettled = false;
  socket.on('message', (data: Buffer) => {
    options.onHeard();
    const header = readFrame(data);
    if (typeof header === 'string') return socket.close(CLOSE_CODE.protocol, header);
    if (header.channel !== LINK_CHANNEL) options.onFrame(data);
    else if (header.kind === FrameKind.control) options.onControl(data.subarray(HEADER_BYTES));
  });
  socket.on('pong', () => options.onPonged());
  socket.on('ping', () => options.onHeard());
  socket.on('unexpected-response', (request, response) => {
    isSettled = true;
    response.resume();
    request.destroy();
    options.onRefused(response);
  });
  socket.on('error', (error) => {
    if (isSettled) return;
    isSettled = !options.isWelcome();
    options.onFailed(error);
  });
  socket.on('close', (code, reason) => {
    if (!isSettled) options.onClosed(code, reason.toString());
  });
  return socket;
}

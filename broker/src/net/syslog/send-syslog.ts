// Sends messages to a syslog receiver. Syslog knows no answer, so it is asked of TCP: whoever has taken all of a connection ends it too, and a receiver
// that was killed before it had read all of it breaks it. One that was killed between reading and writing is not there any more, which a second
// connection shows. Whoever refuses a sender ends the connection too, often only after the handshake (rsyslog looks at a certificate then), so the
// sender keeps its end open for some time after it has sent: who ends it meanwhile has not been asked to. Over UDP nobody can tell.
import { createSocket } from 'node:dgram';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { GateError } from 'mcpgate-shared/error';
import type { SyslogAddress } from '../../domain/outside/syslog-address.ts';

export interface SyslogReceiver {
  address: SyslogAddress;
  /** PEM certificates that are trusted instead of the system's. */
  ca?: string | undefined;
  /** PEM of a certificate with its key that the receiver is shown. */
  certificate?: string | undefined;
}

/** How long a receiver has at the least to refuse a sender, in ms; a slow one has three times what the connecting took. */
const REFUSAL_WAIT = 100;

/** Resolves when the receiver has read all of it. Throws `unreachable`; then it may have read some of it. */
export async function sendSyslog(
  messages: readonly string[],
  receiver: SyslogReceiver,
  signal: AbortSignal,
): Promise<void> {
  const { address } = receiver;
  const where = `${address.host}:${address.port}`;
  try {
    if (address.transport === 'udp') return await sendDatagrams(messages, address, signal);
    await overConnection(receiver, signal, Buffer.from(messages.map(counted).join(''), 'utf8'));
    await overConnection(receiver, signal, Buffer.alloc(0));
  } catch (error) {
    if (error instanceof GateError) throw error;
    const why = signal.aborted ? 'it did not end the connection in time' : faultOf(error);
    throw new GateError('unreachable', `${where} has not taken all of it: ${why}`, { cause: error });
  }
}

/** A message with its length before it, RFC 6587 section 3.4.1. */
const counted = (message: string): string => `${Buffer.byteLength(message)} ${message}`;

function overConnection(
  { address, ca, certificate }: SyslogReceiver,
  signal: AbortSignal,
  bytes: Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port, transport } = address;
    const socket: Socket =
      transport === 'tls'
        ? connectTls({
            ...{ host, port },
            ...(isIP(host) === 0 && { servername: host }),
            ...(ca !== undefined && { ca }),
            ...(certificate !== undefined && { cert: certificate, key: certificate }),
          })
        : connectPlain({ host, port });
    const startedAt = performance.now();
    let [hasSent, refusal]: [boolean, NodeJS.Timeout | undefined] = [false, undefined];
    const end = (error?: Error) => {
      clearTimeout(refusal);
      signal.removeEventListener('abort', aborted);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const aborted = () => end(new Error('aborted'));
    signal.addEventListener('abort', aborted);
    socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => {
      const wait = Math.max(REFUSAL_WAIT, 3 * (performance.now() - startedAt));
      const finish = () => socket.end(() => (hasSent = true));
      socket.write(bytes, () => (refusal = setTimeout(finish, wait)));
    });
    socket.once('error', end);
    socket.once('end', () => end(hasSent ? undefined : new Error('it ended the connection before')));
    socket.once('close', () => end(new Error('the connection broke')));
    // What it says is of no interest, but its end is.
    socket.resume();
  });
}

async function sendDatagrams(messages: readonly string[], { host, port }: SyslogAddress, signal: AbortSignal) {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', signal });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(port, host, resolve);
    });
    for (const message of messages)
      await new Promise<void>((resolve, reject) => {
        socket.send(message, (error) => (error === null ? resolve() : reject(error)));
      });
  } finally {
    socket.close();
  }
}

function faultOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown };
  if (code === 'ECONNREFUSED') return 'nobody listens there';
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'it broke the connection';
  if (code === 'ENOTFOUND') return 'there is no such host';
  return typeof code === 'string' ? code : String(message);
}

// The program that sends bad tokens at a pace, each with a token of its own, half of them from one address and half from ever new networks of IPv6 as a
// trusted proxy would pass them on. Prints how often it was answered by which status, and how long it took.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { constants, setPriority } from 'node:os';
import { setInterval } from 'node:timers/promises';

export interface Flood {
  url: string;
  count: number;
  perSecond: number;
}

export interface Flooded {
  statuses: Record<string, number>;
  seconds: number;
}

const CONNECTIONS = 8;
const TICK_MS = 20;
const ONE_ADDRESS = '203.0.113.66';

const newNetwork = (): string => `2001:db8:${randomBytes(2).toString('hex')}:${randomBytes(2).toString('hex')}::1`;

async function flood({ url, count, perSecond }: Flood): Promise<Flooded> {
  const { hostname, port, host } = new URL(url);
  const statuses: Record<string, number> = {};
  let answered = 0;
  const sockets: Socket[] = [];
  const startedAt = performance.now();
  await new Promise<void>((resolve, reject) => {
    for (let index = 0; index < CONNECTIONS; index++) {
      const socket = connect(Number(port), hostname);
      let rest = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        rest += chunk;
        const seen = [...rest.matchAll(/HTTP\/1\.1 (\d{3})/g)];
        for (const [, status = ''] of seen) statuses[status] = (statuses[status] ?? 0) + 1;
        answered += seen.length;
        rest = rest.slice(-11).replace(/HTTP\/1\.1 \d{3}/, '');
        if (answered >= count) resolve();
      });
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('a connection was ended')));
      sockets.push(socket);
    }
    const send = async (): Promise<void> => {
      let sent = 0;
      for await (const _ of setInterval(TICK_MS)) {
        const due = Math.min(count, ((performance.now() - startedAt) / 1_000) * perSecond);
        for (; sent < due; sent++) {
          const from = sent % 2 === 0 ? ONE_ADDRESS : newNetwork();
          const token = randomBytes(32).toString('base64url');
          sockets[sent % CONNECTIONS]?.write(
            `GET /mcp HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${from}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
          );
        }
        if (sent >= count) return;
      }
    };
    send().catch(reject);
  });
  return { statuses, seconds: (performance.now() - startedAt) / 1_000 };
}

const told = process.env['FLOOD'];
if (told !== undefined) {
  // So that the broker is measured, and not how many processors there are.
  setPriority(constants.priority.PRIORITY_LOW);
  process.stdout.write(JSON.stringify(await flood(JSON.parse(told) as Flood)), () => process.exit());
}

// The network between a laptop and its broker: an HTTP proxy that passes everything on, counts and remembers it, and can be cut.
// Secrets of the wire are seen only here; tests search the laptop for them by value.
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { Transform, type Duplex } from 'node:stream';

export interface SeenRequest {
  method: string;
  path: string;
  status: number;
  /** The request's body, as text. */
  body: string;
}

export interface WatchedNetwork {
  /** The URL that the laptop uses as the broker's. */
  readonly url: string;
  /** Where the broker really listens; set once it runs. */
  target: string;
  readonly requests: SeenRequest[];
  /** How many WebSockets were opened, and how many are open. */
  readonly upgrades: { total: number; open: number };
  /** TCP connections that the laptop has open, WebSockets included. */
  readonly connections: number;
  /** Every bearer token, access token and refresh token that passed. */
  readonly tokens: Set<string>;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  restore(): void;
  /** Open WebSockets stay open and carry nothing any more, in both directions; new ones work. */
  swallow(): void;
  /** Cuts the WebSockets once they have carried so many bytes more to the laptop. */
  cutAfter(bytes: number): void;
  /** Carries WebSockets at this pace, either way; undefined: as they come. */
  throttle(bytesPerSecond: number | undefined): void;
  /** The next answer to a request whose path holds `path` is lost on its way: the broker has done it, the laptop never hears. */
  loseNextAnswer(path: string): void;
  /** The next `count` requests whose path holds `path` get `status` from the network instead of the broker. */
  failNext(path: string, count: number, status?: number): void;
  /** Resolves when `condition` holds, asked again after everything that passes. */
  when(condition: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startWatchedNetwork(): Promise<WatchedNetwork> {
  const requests: SeenRequest[] = [];
  const tokens = new Set<string>();
  const upgrades = { total: 0, open: 0 };
  const sockets = new Set<Duplex>();
  const watchers = new Set<() => void>();
  const lost: string[] = [];
  const failing: { path: string; status: number }[] = [];
  let isCut = false;
  let cutIn: number | undefined;
  let bytesPerSecond: number | undefined;
  const carried = new Set<{ silent: boolean; end(): void }>();
  const changed = () => {
    for (const watcher of [...watchers]) watcher();
  };
  const target = () => new URL(network.target);

  function noteBearer(request: IncomingMessage) {
    const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) tokens.add(bearer);
  }

  function noteTokens(body: string) {
    for (const [, token = ''] of body.matchAll(/"(?:access|refresh)_token"\s*:\s*"([^"]+)"/g)) tokens.add(token);
  }

  function takeFirst<T>(list: T[], fits: (item: T) => boolean): T | undefined {
    const index = list.findIndex(fits);
    return index === -1 ? undefined : list.splice(index, 1)[0];
  }

  async function pass(request: IncomingMessage, response: ServerResponse) {
    const path = request.url ?? '/';
    noteBearer(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const seen: SeenRequest = { method: request.method ?? '', path, status: 0, body };
    const failure = takeFirst(failing, (each) => path.includes(each.path));
    if (failure !== undefined) {
      requests.push({ ...seen, status: failure.status });
      response.writeHead(failure.status, { 'content-type': 'text/plain' }).end('the network is in the way\n');
      changed();
      return;
    }
    const { hostname, port } = target();
    const onward = httpRequest(
      { hostname, port, path, method: request.method, headers: { ...request.headers, connection: 'close' } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => {
          const answered = Buffer.concat(parts);
          noteTokens(answered.toString('utf8'));
          requests.push({ ...seen, status: answer.statusCode ?? 0 });
          // Whether the laptop's own connection stays open is between it and this proxy.
          const { connection: _hop, 'keep-alive': _hint, ...headers } = answer.headers;
          if (takeFirst(lost, (each) => path.includes(each)) !== undefined) response.destroy();
          else response.writeHead(answer.statusCode ?? 502, headers).end(answered);
          changed();
        });
      },
    );
    onward.on('error', () => response.destroy());
    onward.end(body);
  }

  const server = createServer((request, response) => {
    pass(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    if (isCut) return socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return undefined;
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    noteBearer(request);
    const { hostname, port } = target();
    const onward = connect(Number(port), hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (let i = 0; i < request.rawHeaders.length; i += 2)
        lines.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(carry('down')).pipe(socket).pipe(carry('up')).pipe(onward);
    });
    const connection = { silent: false, end };
    carried.add(connection);
    const carry = (way: 'up' | 'down') =>
      new Transform({
        transform(chunk: Buffer, _encoding, done) {
          if (way === 'down' && cutIn !== undefined) cutIn -= chunk.length;
          if (cutIn !== undefined && cutIn < 0) {
            cutIn = undefined;
            for (const each of carried) each.end();
          }
          if (connection.silent) done();
          else if (bytesPerSecond === undefined) done(null, chunk);
          else setTimeout(() => done(null, chunk), (chunk.length / bytesPerSecond) * 1000);
        },
      });
    let opened = false;
    onward.once('data', (first: Buffer) => {
      opened = first.toString('latin1').startsWith('HTTP/1.1 101');
      if (!opened) return;
      upgrades.total += 1;
      upgrades.open += 1;
      changed();
    });
    function end() {
      carried.delete(connection);
      if (opened) {
        opened = false;
        upgrades.open -= 1;
        changed();
      }
      onward.destroy();
      socket.destroy();
    }
    for (const side of [onward, socket]) side.once('close', end).on('error', end);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const network: WatchedNetwork = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target: '',
    requests,
    upgrades,
    get connections() {
      return sockets.size;
    },
    tokens,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      isCut = false;
    },
    swallow() {
      for (const each of carried) each.silent = true;
    },
    cutAfter: (bytes) => void (cutIn = bytes),
    throttle: (pace) => void (bytesPerSecond = pace),
    loseNextAnswer: (path) => void lost.push(path),
    failNext: (path, count, status = 503) => failing.push(...Array.from({ length: count }, () => ({ path, status }))),
    when: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    async close() {
      network.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return network;
}

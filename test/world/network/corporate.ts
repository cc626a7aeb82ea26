// A company's network around a world: a broker behind nginx or Caddy with a certificate of the company's own authority, under a name that
// its forward proxy knows and laptops do not.
import type { TestContext } from 'node:test';
import { openWorld, type World } from '../../world.ts';
import { freePort } from './free-port.ts';
import { startForwardProxy, type ForwardProxy } from './forward-proxy.ts';
import { createPrivateAuthority, type PrivateAuthority } from './private-authority.ts';
import type { Person } from '../people/person.ts';
import { startTlsFront, type TlsFrontOptions } from './tls-front.ts';

export const BROKER_NAME = 'broker.corp.test';

export interface CorporateWorld extends World {
  readonly authority: PrivateAuthority;
  readonly proxy: ForwardProxy;
  /** Logs the laptop in with these environment variables; the laptop's other commands and AI clients do not get them. */
  loginWith(person: Person, env: Record<string, string>): Promise<void>;
}

export async function createCorporateWorld(
  t: TestContext & { readonly error?: unknown },
  options: {
    servers?: Record<string, unknown>;
    front?: TlsFrontOptions['kind'];
    changes?: TlsFrontOptions['changes'];
  } = {},
): Promise<CorporateWorld> {
  const port = await freePort();
  const url = `https://${BROKER_NAME}:${port}`;
  const authority = await createPrivateAuthority();
  const closers: (() => Promise<void> | void)[] = [() => authority.remove()];
  t.after(async () => {
    for (const close of closers.toReversed()) await close();
  });
  const world = await openWorld({
    direct: true,
    brokerArgs: ['--public-url', url, '--behind-proxy', '127.0.0.1/32'],
    ...(options.servers && { servers: options.servers }),
  });
  closers.push(() => world.close());
  // Before the world, which would only kill nginx's master.
  const proxy = await startForwardProxy({ root: world.root, hosts: { [BROKER_NAME]: '127.0.0.1' } });
  closers.push(() => proxy.close());
  const front = await startTlsFront({
    root: world.root,
    kind: options.front ?? 'nginx',
    port,
    name: BROKER_NAME,
    certificate: await authority.issue(`DNS:${BROKER_NAME}`),
    broker: new URL(world.broker.listenUrl).host,
    ...(options.changes && { changes: options.changes }),
  });
  closers.push(() => front.close());
  closers.push(() => {
    if (t.error !== null && t.error !== undefined) process.stderr.write(`${world.logs()}\n`);
  });
  return {
    ...world,
    url,
    authority,
    proxy,
    async loginWith(person, env) {
      await person.login(url, (code) => world.broker.run(['login', 'approve', code, '--as', person.name]), env);
    },
  };
}

/** Where the links came from that the broker has opened so far, oldest first. */
export const linkAddresses = (world: World): string[] =>
  world.broker
    .output()
    .split('\n')
    .filter((line) => line.includes('"link opened"'))
    .map((line) => /"address":"([^"]*)"/.exec(line)?.[1] ?? '');

// A company's forward proxy: a real tinyproxy that asks for credentials and connects onward from an address of its own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canConnect } from './can-connect.ts';
import { startCommand } from '../command.ts';
import { freePort } from './free-port.ts';
import { knowingHosts } from './known-hosts.ts';
import { until } from '../until.ts';

export interface ForwardProxy {
  /** The proxy's URL with its credentials. */
  readonly url: string;
  /** `HOST:PORT`. */
  readonly host: string;
  /** The hosts and ports that the proxy was asked to connect to, in order, refused ones included. */
  targets(): string[];
  close(): Promise<void>;
}

/** The address that the proxy's connections onward come from. */
export const PROXY_ADDRESS = '127.0.0.3';

export async function startForwardProxy(options: {
  root: string;
  hosts: Readonly<Record<string, string>>;
}): Promise<ForwardProxy> {
  const folder = join(options.root, 'forward-proxy');
  mkdirSync(folder);
  const port = await freePort();
  const [log, config] = [join(folder, 'proxy.log'), join(folder, 'tinyproxy.conf')];
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    `Bind ${PROXY_ADDRESS}`,
    'Timeout 600',
    'MaxClients 50',
    'BasicAuth corp-user S3cret-Pass',
    `LogFile "${log}"`,
    'LogLevel Connect',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  writeFileSync(log, '');
  const command = ['tinyproxy', '-d', '-c', config] as const;
  const env = { PATH: '/usr/sbin:/usr/bin:/bin', ...knowingHosts(folder, options.hosts) };
  const running = startCommand(command, { env, cwd: folder });
  await until('the proxy listens', () => canConnect(port));
  const host = `127.0.0.1:${port}`;
  return {
    url: `http://corp-user:S3cret-Pass@${host}`,
    host,
    targets: () => [...readFileSync(log, 'utf8').matchAll(/CONNECT (\S+) HTTP/g)].map(([, target = '']) => target),
    close: async () => void (await running.stop()),
  };
}

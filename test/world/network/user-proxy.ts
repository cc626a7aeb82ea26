// A reverse proxy that signs people in and tells the broker who it is: a real nginx with the configuration that docs/examples prints.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../step.ts';
import { canConnect } from './can-connect.ts';
import { freePort } from './free-port.ts';
import { startNginx } from './nginx.ts';
import { until } from '../until.ts';

export interface UserProxy {
  readonly port: number;
  close(): Promise<void>;
}

export async function startUserProxy(options: {
  root: string;
  /** `HOST:PORT` */
  broker: string;
  /** The address of this machine from which it speaks to the broker. */
  from: string;
  /** The people that it knows, by the key that a request has in `X-Key`. */
  people: Readonly<Record<string, { user: string; groups: string; workspace?: string }>>;
}): Promise<UserProxy> {
  const { root, broker, from, people } = options;
  const port = await freePort();
  const map = (variable: string, of: 'user' | 'groups' | 'workspace'): string =>
    `map $http_x_key $${variable} { default ""; ${Object.entries(people)
      .map(([key, person]) => `"${key}" "${person[of] ?? ''}";`)
      .join(' ')} }`;
  const example = readFileSync(join(REPOSITORY, 'docs/examples/nginx-forwarded-user.conf'), 'utf8');
  const site = example.replaceAll(/^\s*#.*\n/gm, '').replaceAll('127.0.0.1:7717', broker);
  const http = [
    map('signed_in_user', 'user'),
    map('signed_in_groups', 'groups'),
    map('signed_in_workspace', 'workspace'),
    'server {',
    `listen 127.0.0.1:${port};`,
    `proxy_bind ${from};`,
    site,
    '}',
  ];
  const running = startNginx(join(root, 'user-proxy'), http.join('\n'));
  await until('nginx listens', () => canConnect(port)).catch((error: unknown) => {
    throw new Error(running.output(), { cause: error });
  });
  return { port, close: async () => void (await running.stop('SIGTERM')) };
}

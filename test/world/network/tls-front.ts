// What ends TLS in front of a broker: a real nginx or Caddy with the very configuration that docs/examples prints.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../step.ts';
import { canConnect } from './can-connect.ts';
import { startCommand, type Running } from '../command.ts';
import { startNginx } from './nginx.ts';
import { until } from '../until.ts';

export interface TlsFront {
  close(): Promise<void>;
}

export interface TlsFrontOptions {
  root: string;
  kind: 'nginx' | 'Caddy';
  /** Where it listens, on 127.0.0.1. */
  port: number;
  /** The name in its certificate. */
  name: string;
  certificate: { certFile: string; keyFile: string };
  /** The broker, `HOST:PORT`. */
  broker: string;
  /** Texts of the example that are replaced too. */
  changes?: Readonly<Record<string, string>>;
}

export async function startTlsFront(options: TlsFrontOptions): Promise<TlsFront> {
  const folder = join(options.root, `front-${options.kind}`);
  const running = options.kind === 'nginx' ? startNginx(folder, nginxSite(options)) : startCaddy(folder, options);
  await until(`${options.kind} listens`, () => canConnect(options.port)).catch((error: unknown) => {
    throw new Error(running.output(), { cause: error });
  });
  return { close: async () => void (await running.stop('SIGTERM')) };
}

/** The example with the test's own names; each text must be there, or the example is not what is tested. */
function fromExample(file: string, replaced: Readonly<Record<string, string>>): string {
  let text = readFileSync(join(REPOSITORY, 'docs/examples', file), 'utf8').replaceAll(/^\s*#.*\n/gm, '');
  for (const [from, to] of Object.entries(replaced)) {
    if (!text.includes(from)) throw new Error(`docs/examples/${file} has no "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function nginxSite({ port, name, certificate, broker, changes }: TlsFrontOptions): string {
  return fromExample('nginx.conf', {
    'listen 443 ssl': `listen 127.0.0.1:${port} ssl`,
    'listen [::]:443 ssl': `listen [::1]:${port} ssl`,
    '/etc/nginx/tls/mcp.example.com.pem': certificate.certFile,
    '/etc/nginx/tls/mcp.example.com.key': certificate.keyFile,
    'mcp.example.com': name,
    '127.0.0.1:7717': broker,
    ...changes,
  });
}

function startCaddy(folder: string, { port, name, certificate, broker, changes }: TlsFrontOptions): Running {
  const site = fromExample('Caddyfile', {
    '/etc/caddy/tls/mcp.example.com.pem': certificate.certFile,
    '/etc/caddy/tls/mcp.example.com.key': certificate.keyFile,
    'https://mcp.example.com': `https://${name}:${port}`,
    '127.0.0.1:7717': broker,
    ...changes,
  });
  mkdirSync(folder);
  const config = join(folder, 'Caddyfile');
  writeFileSync(config, `{\n  admin off\n  auto_https disable_redirects\n}\n${site}`);
  const command = ['caddy', 'run', '--config', config, '--adapter', 'caddyfile'] as const;
  return startCommand(command, { env: { PATH: '/usr/bin:/bin', HOME: folder }, cwd: folder });
}

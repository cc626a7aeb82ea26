// A real nginx in the foreground that keeps everything it writes in one folder, as whoever runs the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCommand, type Running } from '../command.ts';

/** `folder` is made. `http`: the content of nginx's `http` block. nginx may not be listening yet when this returns. */
export function startNginx(folder: string, http: string, connections = 512): Running {
  mkdirSync(folder);
  const main = [
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'worker_processes 1;',
    'daemon off;',
    `pid ${folder}/nginx.pid;`,
    'error_log stderr notice;',
    `events { worker_connections ${connections}; }`,
    'http {',
    'access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`),
    http,
    '}',
  ];
  const config = join(folder, 'nginx.conf');
  writeFileSync(config, `${main.join('\n')}\n`);
  const command = ['nginx', '-c', config, '-p', folder, '-e', 'stderr'] as const;
  return startCommand(command, { env: { PATH: '/usr/sbin:/usr/bin:/bin' }, cwd: folder });
}

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { canOpenBrowser, createBrowser } from './browser.ts';

test('a browser is opened only where the person at the keyboard would see it', () => {
  const linux = (env: Record<string, string>) => canOpenBrowser(env, 'linux');
  assert.ok(linux({ DISPLAY: ':0' }));
  assert.ok(linux({ WAYLAND_DISPLAY: 'wayland-0' }));
  assert.ok(linux({ WSL_DISTRO_NAME: 'Debian' }));
  assert.ok(!linux({}));
  assert.ok(!linux({ DISPLAY: '' }));
  assert.ok(!linux({ DISPLAY: ':0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }));
  assert.ok(!linux({ DISPLAY: ':0', CI: 'true' }));
  assert.ok(linux({ DISPLAY: ':0', CI: 'false' }));
  assert.ok(canOpenBrowser({}, 'darwin'));
  assert.ok(!canOpenBrowser({ SSH_TTY: '/dev/pts/1' }, 'darwin'));
});

test('BROWSER names the program that gets the URL; one that is missing ends nothing', async (t) => {
  const server = createServer((_request, response) => response.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const visited = once(server, 'request');
  const browser = createBrowser({ BROWSER: `${process.execPath} -e fetch(process.argv[1]) %s` }, 'linux');
  assert.equal(await browser.open(`http://127.0.0.1:${address.port}/device?user_code=A-B`), true);
  const [request] = (await visited) as [{ url: string }];
  assert.equal(request.url, '/device?user_code=A-B');
  await createBrowser({ BROWSER: '/no/such/browser' }, 'linux').open('http://127.0.0.1:1/');
});

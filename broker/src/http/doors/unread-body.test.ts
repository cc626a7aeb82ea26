import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { endUnread } from './unread-body.ts';

const MB = 1_000_000;
const run = promisify(execFile);

/** Answers 401 to everything, before it reads anything of it. */
async function open(t: TestContext) {
  const taken: number[] = [];
  const server = createServer((asked, response) => {
    const { socket } = asked;
    const before = socket.bytesRead;
    socket.once('close', () => taken.push(socket.bytesRead - before));
    endUnread(asked, response);
    response.writeHead(401, { 'content-type': 'text/plain' });
    response.end('who are you?');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, url: `http://127.0.0.1:${port}/`, taken };
}

/** Sends all of it before it looks for an answer, as simple clients do. What it reads then. */
function sendFirst(port: number, bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1').pause();
    socket.once('error', reject);
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes}\r\n\r\n`);
    socket.write(Buffer.alloc(bytes, 'x'), () => {
      let read = '';
      socket.on('data', (data) => (read += data.toString('latin1'))).resume();
      socket.once('end', () => {
        socket.destroy();
        resolve(read);
      });
    });
  });
}

test('a client that is answered before its body was read gets the answer, also where it first sends the whole body', async (t) => {
  const { port } = await open(t);
  for (const bytes of [65_537, 300_000, MB])
    assert.match(await sendFirst(port, bytes), /^HTTP\/1\.1 401 [^]*who are you\?/);
});

test('many who send far too much at once all hear the answer, and little of it is taken', async (t) => {
  const { url, taken } = await open(t);
  const body = Buffer.alloc(16 * MB, 'x');
  const answers = await Promise.all(
    Array.from(
      { length: 30 },
      () =>
        new Promise<number | undefined>((resolve, reject) => {
          const asked = request(url, { method: 'POST', agent: false }, (answer) => {
            answer.resume();
            answer.once('end', () => resolve(answer.statusCode));
          });
          asked.once('error', reject);
          asked.end(body);
        }),
    ),
  );
  assert.deepEqual(new Set(answers), new Set([401]));
  for (const bytes of taken) assert.ok(bytes < 8 * MB, `${bytes} bytes were taken`);
});

test('fetch and curl tell the answer, and not that the connection was cut', async (t) => {
  const { url } = await open(t);
  const body = Buffer.alloc(8 * MB, 'x');
  const answer = await fetch(url, { method: 'POST', body });
  assert.deepEqual([answer.status, await answer.text()], [401, 'who are you?']);
  const folder = await mkdtemp(join(tmpdir(), 'mg-body-'));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'body'), body);
  const curl = ['--silent', '--show-error', '--data-binary', `@${join(folder, 'body')}`];
  for (const expects of [[], ['--header', 'Expect:'], ['--http1.0']])
    assert.equal((await run('curl', [...curl, ...expects, url])).stdout, 'who are you?');
});

test('a short body that nobody read leaves the connection in use', async (t) => {
  const { port } = await open(t);
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  const ask = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello';
  let read = '';
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (data) => {
      read += data.toString('latin1');
      if (read.match(/who are you\?/g)?.length === 2) resolve();
    });
  });
  socket.write(ask + ask);
  await answered;
});

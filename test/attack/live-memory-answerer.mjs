// Loaded into a process before its own program: whoever connects is told how many bytes are in use after a collection.
import { createServer } from 'node:net';
import { memoryUsage, pid } from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const folder = new URL(import.meta.url).searchParams.get('folder');

createServer((socket) => {
  for (let time = 0; time < 3; time++) collect();
  const { heapUsed, external } = memoryUsage();
  socket.on('error', () => socket.destroy()).end(String(heapUsed + external));
})
  .listen(`${folder}/${pid}`)
  .unref();

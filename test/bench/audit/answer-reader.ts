// A thread that asks the administration for one path after the other, again and again, reads each answer to its end and keeps nothing of it: as somebody does
// on another machine, so it gives way to what is measured here.
import '../../../broker/src/store/behind-calls.ts';
import { request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

const { socketPath, paths } = workerData as { socketPath: string; paths: readonly string[] };

const read = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { 'x-mcpgate-actor': 'host:bench' };
    const sent = request({ socketPath, path: `/api/v1${path}`, agent: false, headers });
    sent.once('error', reject);
    sent.once('response', (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
      response.once('end', resolve).once('error', reject).resume();
    });
    sent.end();
  });

for (;;)
  for (const path of paths) {
    await read(path);
    parentPort?.postMessage(path);
  }

// The large half of the fairness measurement, in a process of its own: an AI client that calls one tool again and again, `bulk` with a
// number of bytes to get or `take` with that many to give. Prints a line a call. Arguments: TOOL BYTES COMMAND…
import { spawn } from 'node:child_process';

const [tool = '', size = '', program = '', ...args] = process.argv.slice(2);
const bytes = Number(size);
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bulk', version: '1.0.0' } };
const text = tool.endsWith('take') ? Buffer.from(JSON.stringify('a "quoted" word\n'.repeat(bytes / 20))) : undefined;
let lastId = 0;

function call(): void {
  lastId += 1;
  child.stdin.write(`{"jsonrpc":"2.0","id":${lastId},"method":"tools/call","params":{"name":"${tool}","arguments":{`);
  if (text === undefined) child.stdin.write(`"bytes":${bytes}`);
  else {
    child.stdin.write('"text":');
    child.stdin.write(text);
  }
  child.stdin.write('}}}\n');
}

child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params })}\n`);
child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
let received = 0;
let head = Buffer.alloc(0);
child.stdout.on('data', (chunk: Buffer) => {
  if (head.length < 200) head = Buffer.concat([head, chunk.subarray(0, 200)]);
  received += chunk.length;
  if (chunk.at(-1) !== 10) return;
  const moved = Math.max(received, lastId === 0 ? 0 : (text?.length ?? 0));
  if (lastId > 0) process.stdout.write(`moved ${moved} ${head.toString('latin1', 0, 120).replaceAll('\n', ' ')}\n`);
  received = 0;
  head = Buffer.alloc(0);
  call();
});
child.once('exit', (code) => process.exit(code ?? 1));
process.once('SIGTERM', () => child.stdin.end());

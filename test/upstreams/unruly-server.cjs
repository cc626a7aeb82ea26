// A stdio MCP server that misbehaves as its first argument says: `steady` | `noise` | `dies` | `garbage` | `large` | `mute` | `no-start`.
// One file without imports, so that a copy of it runs anywhere, also as another user.
'use strict';
const mode = process.argv[2] || 'steady';
if (mode === 'no-start') {
  process.stderr.write('fixture: the licence key is missing\n');
  process.exit(3);
}
if (mode === 'noise') process.stdout.write('Starting up...\n\u001b[32mReady!\u001b[0m\n{"not":"json-rpc"}\n');
const send = (message) => process.stdout.write(JSON.stringify(message) + '\n');
const tool = (name, properties) => ({
  name,
  description: 'fixture tool',
  inputSchema: { type: 'object', properties: properties || {} },
});
/** Another one for each process: the number that the system gave it is the same in each sandbox. */
const INSTANCE = require('node:crypto').randomUUID();
const text = (value) => ({ content: [{ type: 'text', text: value }] });

function call(id, params) {
  const args = params.arguments || {};
  if (mode === 'dies') process.exit(7);
  if (mode === 'garbage')
    return process.stdout.write('{"jsonrpc":"2.0","id":' + JSON.stringify(id) + ',"result":{oops\n');
  if (mode === 'large') return send({ jsonrpc: '2.0', id, result: text('z'.repeat(Number(args.bytes) || 5000000)) });
  if (params.name === 'environment')
    return send({
      jsonrpc: '2.0',
      id,
      result: text(JSON.stringify({ uid: process.getuid && process.getuid(), pid: process.pid, env: process.env })),
    });
  if (params.name === 'leave') {
    const word = `left-${INSTANCE}`;
    const code = `'${process.execPath}' -e 'setInterval(() => {}, 1000)' ${word} </dev/null >/dev/null 2>&1 &`;
    const options = { detached: true, stdio: 'ignore', env: {}, cwd: '/' };
    const child = require('node:child_process').spawn('/bin/sh', ['-c', code], options);
    return child.once('exit', () => send({ jsonrpc: '2.0', id, result: text(word) }));
  }
  if (params.name === 'instance') return send({ jsonrpc: '2.0', id, result: text(INSTANCE) });
  send({ jsonrpc: '2.0', id, result: text(String(args.text || '')) });
}

let rest = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => {
  rest += chunk;
  for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n')) {
    const message = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    const { id, method, params } = message;
    if (id === undefined || mode === 'mute') continue;
    if (method === 'initialize') {
      send({
        jsonrpc: '2.0',
        id,
        result: {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: 'unruly', version: '1.0.0' },
        },
      });
    } else if (method === 'tools/list') {
      send({
        jsonrpc: '2.0',
        id,
        result: {
          tools: [
            tool('say', { text: { type: 'string' }, bytes: { type: 'number' } }),
            tool('instance'),
            tool('leave'),
            tool('environment'),
          ],
        },
      });
    } else if (method === 'tools/call') call(id, params);
    else if (method === 'ping') send({ jsonrpc: '2.0', id, result: {} });
    else send({ jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } });
  }
});
process.stdin.on('end', () => process.exit(0));

// A stdio server of the credential service: carries its TOKEN to API with each call. It starts whatever its token is, as most do.
import { createInterface } from 'node:readline';
import { credentialTools, type ToolCall } from './credential-tools.ts';

const { API = '', TOKEN = '' } = process.env;

async function carryOut(call: ToolCall): Promise<boolean> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  const { ok } = await fetch(API, { method: 'POST', headers, body: JSON.stringify(call) });
  return ok;
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line) as { id?: number };
  void credentialTools(message, carryOut).then((answer) => {
    if (answer === undefined) return;
    const refusal = { content: [{ type: 'text', text: `401 bad credentials: ${TOKEN}` }], isError: true };
    const said = answer === 'refused' ? { jsonrpc: '2.0', id: message.id, result: refusal } : answer;
    process.stdout.write(`${JSON.stringify(said)}\n`);
  });
});

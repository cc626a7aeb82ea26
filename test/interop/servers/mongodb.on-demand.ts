// mongodb-mcp-server, which speaks both generations: its lists and what it says of a database that cannot be reached.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort } from '../../world/network/free-port.ts';
import { openGatedServer } from '../gated-server.ts';
import { thirdParty } from '../third-party.ts';

const PASSWORD = 'mongo-Passw0rd-8f2e';

test('the MongoDB server lists its tools, and its words about a database that is not there arrive without the password', async (t) => {
  const url = `mongodb://app:${PASSWORD}@127.0.0.1:${await freePort()}/?serverSelectionTimeoutMS=500`;
  const server = await openGatedServer(t, 'mongo', () =>
    thirdParty('mongodb-mcp-server', ['--telemetry', 'disabled'], { MDB_MCP_CONNECTION_STRING: url }),
  );
  await server.assertSameLists();
  const answer = await server.client.call('mongo__list-databases');
  assert.equal(answer.isError, true, answer.text);
  assert.match(answer.text, /MongoDB|connect/i);
  assert.ok(!answer.text.includes(PASSWORD));

  assert.equal(await server.generation(), 'modern');
  const modern = await server.modernClient();
  const again = await modern.callTool({ name: 'mongo__list-databases', arguments: {} });
  assert.equal(again.isError, true);
  server.assertNotOnLaptop(PASSWORD);
});

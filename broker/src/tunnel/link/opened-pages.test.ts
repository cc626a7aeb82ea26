// Pages that a laptop is to open for its person.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameKind } from 'mcpgate-shared/link/frame';
import { readLinkMessage } from 'mcpgate-shared/link/link-message';
import { bodyOf, createTunnelWorld, idOf, type PeerLink } from '../fixtures/tunnel-world.ts';

const URL = 'https://gate.example/accounts/jira';

async function ask(link: PeerLink, id: number): Promise<string> {
  link.open(1, idOf(id));
  await link.next(FrameKind.opened);
  await link.next(FrameKind.control); // welcome
  link.send(FrameKind.data, 1, Buffer.from(`page ${URL}`));
  return bodyOf(await link.next(FrameKind.data)).toString();
}

test('a page goes to the daemon that has said that it can open some, and to no other: one of an earlier version hears nothing', async (t) => {
  const world = await createTunnelWorld();
  t.after(() => world.close());
  const able = await world.connect('ada', { headers: { 'mcpgate-pages': 'yes' } });
  assert.equal(await ask(able, 1), 'opened: true');
  assert.deepEqual(readLinkMessage(bodyOf(await able.next(FrameKind.control))), { type: 'page', url: URL });

  const earlier = await world.connect('bob');
  assert.equal(await ask(earlier, 2), 'opened: false');
});

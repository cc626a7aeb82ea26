// `install-clients` from the outside: the entry that it writes starts a working server, with the bare environment of a graphical client.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { startAiClient } from '../world/clients/ai-client.ts';
import { createCountingWorld } from '../world/counting-world.ts';

const BEFORE = `{
  // my own servers
  "mcpServers": {
    "mine":   { "command": "mine", "args": [] }, // keep
  },
  "theme": "dark"
}
`;

test('the written entry works, the file’s own words stay, and --uninstall gives the file back byte for byte', async (t) => {
  const { world } = await createCountingWorld(t);
  const ada = await world.member('ada');
  const file = join(ada.home, '.cursor/mcp.json');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, BEFORE, { mode: 0o640 });

  const dryRun = await ada.gate(['install-clients', 'cursor', '--dry-run']);
  assert.equal(dryRun.code, 0, dryRun.stderr);
  assert.match(dryRun.stdout, /^\+.*mcpgate/m);
  assert.equal(readFileSync(file, 'utf8'), BEFORE);

  assert.equal((await ada.gate(['install-clients', 'cursor'])).code, 0);
  const after = readFileSync(file, 'utf8');
  for (const kept of [
    '// my own servers',
    '"mine":   { "command": "mine", "args": [] }',
    '// keep',
    '"theme": "dark"',
  ]) {
    assert.ok(after.includes(kept), `${kept} stays in\n${after}`);
  }
  assert.equal(statSync(file).mode & 0o777, 0o640);
  assert.equal((await ada.gate(['install-clients', 'cursor'])).code, 0);
  assert.equal(readFileSync(file, 'utf8'), after, 'a second run changes nothing');

  const [, command = ''] = /"command":\s*"([^"]*mcpgate[^"]*)"/.exec(after) ?? [];
  assert.ok(existsSync(command), command);
  const client = await startAiClient({
    command: [command, 'serve'],
    env: { HOME: ada.home, MCPGATE_TOKEN_STORE: 'file' },
  });
  t.after(() => client.close());
  assert.equal((await client.call('counting__echo', { text: 'started by its entry' })).text, 'started by its entry');

  assert.equal((await ada.gate(['install-clients', 'cursor', '--uninstall'])).code, 0);
  assert.equal(readFileSync(file, 'utf8'), BEFORE);
});

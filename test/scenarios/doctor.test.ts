// `mcpgate doctor` on laptops that are not well; the way through corporate networks is in corporate-*.test.ts.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openWorld, type World } from '../world.ts';

let world: World;
before(async () => (world = await openWorld()));
after(() => world.close());

test('--fix sets up the AI clients that were found, and says what it did', async () => {
  const ada = await world.member('ada');
  mkdirSync(join(ada.home, '.cursor'));
  assert.match((await ada.gate(['doctor'])).stdout, /^! Cursor +does not use mcpgate yet/m);
  const fixed = await ada.gate(['doctor', '--fix']);
  assert.equal(fixed.code, 0, fixed.stdout);
  assert.match(fixed.stderr, /Cursor/);
  assert.match(fixed.stdout, /^✓ Cursor /m);
  assert.match(readFileSync(join(ada.home, '.cursor/mcp.json'), 'utf8'), /"mcpgate"/);
});

test('nobody is logged in: said first, exit 3, and nothing is started', async () => {
  const laptop = world.laptop('nobody');
  const { code, stdout } = await laptop.gate(['doctor']);
  assert.equal(code, 3);
  assert.match(stdout, /^✗ token +not logged in: run `mcpgate login`$/m);
  assert.match(stdout, /^✓ daemon +does not run/m);
  assert.doesNotMatch(stdout, /broker/);
});

test('a laptop that is well, then a folder that others can open, a client’s file that is broken, a token that is gone', async () => {
  const grace = await world.member('grace');
  assert.equal((await grace.gate(['status'])).code, 0);
  const well = await grace.gate(['doctor']);
  assert.equal(well.code, 0, well.stdout);
  for (const line of [
    'file',
    'token +grace at',
    'proxy +none',
    'broker',
    'clock',
    'folder',
    'daemon +runs',
    'tunnel +open',
  ]) {
    assert.match(well.stdout, new RegExp(`^✓ ${line}`, 'm'));
  }
  const runtimeDir = join(grace.home, '.config/mcpgate/run');
  chmodSync(runtimeDir, 0o755);
  assert.match((await grace.gate(['doctor'])).stdout, new RegExp(`^! folder +${runtimeDir} .*closed to them now`, 'm'));
  assert.match((await grace.gate(['doctor'])).stdout, /^✓ folder/m);
  mkdirSync(join(grace.home, '.cursor'));
  writeFileSync(join(grace.home, '.cursor/mcp.json'), '{ broken');
  const told =
    /^✗ Cursor +\S+mcp\.json is not valid JSON at line 1, column 3 \([a-z ]+\): correct it, then run `mcpgate install-clients cursor`$/m;
  assert.match((await grace.gate(['doctor'])).stdout, told);
  assert.match((await grace.gate(['status'])).stdout, told);
  const broken = await grace.gate(['doctor', '--json']);
  assert.equal(broken.code, 1);
  const findings = JSON.parse(broken.stdout) as { name: string; mark: string; text: string }[];
  assert.match(findings.find(({ name }) => name === 'Cursor')?.text ?? '', /mcp\.json/);
  rmSync(join(grace.home, '.config/mcpgate/token'));
  const gone = await grace.gate(['doctor']);
  assert.equal(gone.code, 3);
  assert.match(gone.stdout, /^✗ token +the token of grace .* is gone: run `mcpgate login`/m);
});

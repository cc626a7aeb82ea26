// `npm run tour`: the whole story in one terminal on real processes. Each step says what it did, what came back and why it matters,
// and is checked: the exit code is 0 only when every step really held.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { styleText } from 'node:util';
import type { Rule } from 'mcpgate-shared/api/rules';
import { startCountingUpstream, type CountingUpstream } from '../upstreams/counting-upstream.ts';
import { openWorld, type World } from '../world.ts';
import { processesOf } from '../world/process-table.ts';
import { filesHolding, processListing } from '../world/search.ts';
import { createNarrator } from './narrator.ts';

const OLD_TOKEN = 'tickets-service-token-2025-abcdef';
const NEW_TOKEN = 'tickets-service-token-2026-uvwxyz';
const write = (text: string) => void process.stdout.write(text);
const say = createNarrator(write);

const onBroker = (world: World) => async (words: string, stdin?: string) => {
  say.command('broker', `${stdin === undefined ? '' : `printf '…' | `}mcpgate-broker ${words}`);
  const args = words.split(' ').map((word) => word.replaceAll("'", ''));
  const text = await world.broker.run(args, stdin === undefined ? {} : { stdin });
  say.answer(text);
  return text;
};

async function tour(world: World, tickets: CountingUpstream) {
  const broker = onBroker(world);

  say.step('A broker, and two MCP servers behind it');
  say.command('broker', 'mcpgate-broker start');
  say.answer(`ready ${world.url}`);
  const everything = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
  say.command('broker', 'mcpgate-broker server import servers.json');
  await world.importServers({
    tickets: { url: tickets.url, headers: { Authorization: `Bearer ${OLD_TOKEN}` } },
    everything: { command: process.execPath, args: [everything] },
  });
  const secret = await world.secretOf('tickets');
  await broker('secret list');
  assert.deepEqual(filesHolding(world.root, [OLD_TOKEN]), []);
  say.why(
    'The file is what every AI client writes. Its token went into the vault; it is nowhere in clear, not even at the broker.',
  );

  say.step('Ada logs in, once');
  const ada = await world.person('ada');
  say.command('laptop', `mcpgate login ${world.url}`);
  await ada.login(world.url, async (code) => {
    say.answer(`Open ${world.url}/device and confirm the code ${code}`);
    await broker(`login approve ${code} --as ada`);
  });
  say.why('Usually she confirms the code in her browser; on a host without one the platform team approves it.');
  await broker("rule add --allow --who '*' --what '*' --note everyone");

  say.step('Two AI clients at the same instant: one daemon, one WebSocket');
  say.command('laptop', 'mcpgate serve   (launched by Claude Code)');
  say.command('laptop', 'mcpgate serve   (launched by Cursor)');
  const [claude, cursor] = await Promise.all([ada.aiClient({ name: 'claude-code' }), ada.aiClient({ name: 'cursor' })]);
  const names = await claude.toolNames();
  say.answer(`${names.length} tools: ${names.slice(0, 6).join(', ')} …`);
  assert.ok(names.includes('tickets__echo') && names.some((name) => name.startsWith('everything__')));
  const daemons = processesOf(ada.home).filter(({ commandLine }) => /\bdaemon run\b/.test(commandLine));
  assert.deepEqual([daemons.length, world.network.upgrades.open], [1, 1]);
  say.why(
    `${daemons.length} daemon, ${world.network.upgrades.open} WebSocket, counted on the wire and in the process table.`,
  );

  say.step('A call, end to end');
  say.command('laptop', 'tools/call tickets__echo {"text":"first ticket"}   (Claude Code)');
  const first = await claude.call('tickets__echo', { text: 'first ticket' });
  say.answer(first.text);
  assert.equal(first.text, 'first ticket');
  say.command('laptop', 'mcpgate call everything__echo message=hello');
  const second = await ada.gate(['call', 'everything__echo', 'message=hello']);
  assert.equal(second.code, 0, second.stderr);
  say.answer(second.stdout);
  assert.equal(tickets.calls.at(-1)?.headers.authorization, `Bearer ${OLD_TOKEN}`);
  const tokens = [OLD_TOKEN, NEW_TOKEN];
  const listing = (await processListing()).split('\n').filter((line) => line.includes(ada.home));
  assert.deepEqual(filesHolding(ada.home, tokens), []);
  assert.ok(!tokens.some((token) => listing.join('\n').includes(token)));
  say.why(
    'The upstream saw the service token; the laptop never did (every file of hers and `ps` searched for it by value).',
  );

  say.step('The service token is rotated: one edit, no laptop touched');
  tickets.accepts = [`Bearer ${NEW_TOKEN}`];
  await broker(`secret set ${secret}`, NEW_TOKEN);
  say.command('laptop', 'tools/call tickets__echo {"text":"after rotation"}   (same session)');
  const rotated = await claude.call('tickets__echo', { text: 'after rotation' });
  say.answer(rotated.text);
  assert.equal(rotated.text, 'after rotation');
  assert.equal(tickets.calls.at(-1)?.headers.authorization, `Bearer ${NEW_TOKEN}`);
  say.why('The very next call carried the new value; the old one is dead at the service, and no call failed.');

  say.step('A rule denies, and says so');
  say.command('broker', "mcpgate-broker rule add --deny --who user:ada --what 'tickets__fail' --note 'read only'");
  const words = ['rule', 'add', '--deny', '--who', 'user:ada', '--what', 'tickets__fail', '--note', 'read only'];
  const rule = (await world.broker.json(words)) as Rule;
  const seen = tickets.calls.length;
  say.command('laptop', 'tools/call tickets__fail   (Cursor)');
  const denied = await cursor.call('tickets__fail');
  say.answer(denied.text);
  assert.ok(denied.isError && denied.text.startsWith('[mcpgate denied]') && denied.text.includes(rule.id));
  assert.equal(tickets.calls.length, seen);
  say.why(`The denial names rule ${rule.id}; the upstream never heard of the call.`);

  say.step('Ada leaves: her access ends now');
  const pending = claude.call('tickets__hold').catch(() => ({ isError: true, text: '' }));
  await tickets.arrived('hold');
  await broker('user disable ada');
  assert.equal((await pending).isError, true);
  await world.network.when(() => world.network.upgrades.open === 0);
  say.command('laptop', 'mcpgate call tickets__echo text=again');
  const refused = await ada.gate(['call', 'tickets__echo', 'text=again'], { env: { MCPGATE_LOG: 'error' } });
  say.answer(`${refused.stderr.trim()}\n(exit ${refused.code})`);
  assert.equal(refused.code, 3);
  say.why('Her link is closed, the call under way was cancelled at the service, the next one is refused.');

  say.step('What happened is in the log');
  const log = await broker('audit search --user ada');
  for (const status of ['ok', 'denied', 'cancelled']) assert.ok(log.includes(status), `the log shows ${status}`);
  say.why('Who, which tool, when, how long, which rule, which version of which secret. Argument values are not kept.');
}

const tickets = await startCountingUpstream({ accepts: [`Bearer ${OLD_TOKEN}`] });
let world: World | undefined;
try {
  world = await openWorld({ open: false });
  await tour(world, tickets);
  write(`\n${styleText(['bold', 'green'], 'Every step held.')} Next: npm start\n`);
} catch (error) {
  const detail = error instanceof Error ? error.message : String(error);
  process.stderr.write(`\n${styleText(['bold', 'red'], '✗ This step did not hold:')} ${detail}\n`);
  if (world !== undefined && process.env['MCPGATE_TOUR_LOGS'] !== undefined) process.stderr.write(`${world.logs()}\n`);
  process.exitCode = 1;
} finally {
  await world?.close();
  await tickets.close();
}

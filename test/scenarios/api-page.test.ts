// docs/api.md, line by line: its commands are run as a shell runs them, and its program is checked against types that a generator made of the document.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import openapiTS, { astToString } from 'openapi-typescript';
import { REPOSITORY } from '../step.ts';
import { adminPost } from '../world/admin-post.ts';
import { startBroker, type Broker } from '../world/broker.ts';
import { runCommand } from '../world/command.ts';

const page = readFileSync(join(REPOSITORY, 'docs/api.md'), 'utf8');
const DEADLINE_MS = 30_000;

interface Block {
  language: string;
  text: string;
  /** What the page says that it prints; undefined: nothing. */
  prints: string | undefined;
}

/** The blocks that are run, each with the block of output that stands right behind it. */
const blocks: Block[] = [...page.matchAll(/^```(sh|ts)\n([\s\S]*?)^```(?:\n```(?:json|text)\n([\s\S]*?)^```)?/gm)].map(
  ([, language = '', text = '', prints]) => ({ language, text, prints }),
);
const commands = blocks.filter(({ language }) => language === 'sh');

/** `…` on the page stands for what is another each time. */
function assertPrints(printed: string, shown: string): void {
  const escaped = shown
    .trim()
    .split('…')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  assert.match(printed.trim(), new RegExp(`^${escaped.join('.*')}$`));
}

let broker: Broker;
let token = '';
const root = mkdtempSync(join(tmpdir(), 'mg-api-page-'));
before(async () => {
  broker = await startBroker({ root });
  await adminPost(broker.dataDir, '/users', { name: 'ada' });
});
after(async () => {
  await broker.stop();
  rmSync(root, { recursive: true, force: true });
});

const env = () => ({ PATH: process.env['PATH'], HOME: root, LC_ALL: 'C.UTF-8', BROKER: broker.listenUrl });

/** Runs a block in a shell that ends at the first command that fails. A stream has no end: it is cut where all that the page shows has come. */
async function run({ text, prints }: Block): Promise<string> {
  const script = text.replaceAll('https://mcp.example.com', broker.listenUrl).replaceAll(/^mcpgate-broker .*$/gm, '');
  const shell = ['/bin/bash', '-euo', 'pipefail', '-c', script] as const;
  if (!/curl -\w*N/.test(text)) {
    const { code, stdout, stderr } = await runCommand(shell, { env: env(), cwd: root, stdin: `${token}\n` });
    assert.equal(code, 0, `${text}\n${stdout}${stderr}`);
    return stdout;
  }
  const [program, ...args] = shell;
  const child = spawn(program, args, { env: env(), cwd: root, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const late = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const lines = prints?.trim().split('\n').length ?? 0;
  let stdout = '';
  child.stdout.setEncoding('utf8');
  const heard = (async () => {
    for await (const chunk of child.stdout) {
      stdout += String(chunk);
      if (stdout.split('\n').length > lines) break;
    }
  })();
  const ended = once(child, 'exit');
  await heard;
  clearTimeout(late);
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await ended;
  return stdout.split('\n').slice(0, lines).join('\n');
}

test('each command of the page is carried out, and prints what the page shows', async () => {
  const [issue = ''] = /^mcpgate-broker (admin-token issue .*?)(?: {2,}#.*)?$/m.exec(page)?.slice(1) ?? [];
  token = (await broker.run(issue.split(' '))).trim().split('\n').at(-1) ?? '';
  assert.match(token, /^mca_/);
  assert.equal(page.match(/^ *\S*curl /gm)?.length, curlsIn(commands), 'each stands in a block that is run');
  for (const block of commands) {
    const printed = await run(block);
    if (block.prints !== undefined) assertPrints(printed, block.prints);
    if (!block.text.includes('device_authorization')) continue;
    const { user_code: code } = JSON.parse(readFileSync(join(root, 'login.json'), 'utf8')) as { user_code: string };
    await adminPost(broker.dataDir, '/logins/approve', { user_code: code, user: 'ada' });
  }
});

const curlsIn = (all: readonly Block[]): number =>
  all.reduce((count, { text }) => count + (text.match(/^ *\S*curl /gm)?.length ?? 0), 0);

test('a client that is generated from the document fits its types, and does what the page shows', async () => {
  const [program] = blocks.filter(({ language }) => language === 'ts');
  assert.ok(program?.prints !== undefined);
  const document = await (await fetch(`${broker.listenUrl}/api/v1/openapi.json`)).text();
  writeFileSync(join(root, 'mcpgate.d.ts'), astToString(await openapiTS(document)));
  writeFileSync(join(root, 'program.ts'), program.text);
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: 'esnext', module: 'nodenext', skipLibCheck: true, types: ['node'] },
  };
  writeFileSync(
    join(root, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['program.ts', 'mcpgate.d.ts'] }),
  );
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));

  const check = () => runCommand([join(REPOSITORY, 'node_modules/.bin/tsc'), '-p', root], { env: env(), cwd: root });
  const checked = await check();
  assert.equal(checked.code, 0, checked.stdout);
  const ran = await runCommand([process.execPath, join(root, 'program.ts')], {
    env: { ...env(), MCPGATE_ADMIN_TOKEN: token },
    cwd: root,
  });
  assert.equal(ran.code, 0, ran.stderr);
  assertPrints(ran.stdout, program.prints);

  writeFileSync(join(root, 'program.ts'), program.text.replace("'per-user'", "'per-planet'"));
  assert.match((await check()).stdout, /per-planet/, 'a mistake is found before it is sent');
});

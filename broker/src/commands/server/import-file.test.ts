import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import type { AdminSession } from '../session/admin-session.ts';
import { temporaryFolder } from '../fixtures/broker-process.ts';
import { importFile } from './import-file.ts';

const RESULT: ImportResult = {
  servers: ['a'],
  renamed: [],
  secrets: [
    { name: 'a-sure', server: 'a', from: 'env TOKEN', kind: 'secret' },
    { name: 'a-one', server: 'a', from: 'header X-One', kind: 'doubtful' },
    { name: 'a-two', server: 'a', from: 'header X-Two', kind: 'doubtful' },
  ],
  unset: [],
  warnings: [],
  dry_run: false,
};

/** What the broker was asked for, and what stood on the terminal, where a person answers with `lines`. */
async function run(lines: string[], isTTY: boolean, options: object = {}) {
  const file = join(temporaryFolder(), 'mcp.json');
  writeFileSync(file, '{"mcpServers":{"a":{"command":"x"}}}');
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  let shown = '';
  stderr.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    if (chunk.toString().includes('[Y/n] ')) stdin.write(`${lines.shift() ?? ''}\n`);
  });
  const asked: { plain?: string[]; dry_run?: boolean }[] = [];
  const session = {
    api: {
      call: async (_endpoint: unknown, { body }: { body: { plain?: string[]; dry_run?: boolean } }) => {
        asked.push(body);
        return RESULT;
      },
    },
    show: () => undefined,
    context: { stdin, stderr, cwd: '/' },
    inside: '',
    json: false,
  } as unknown as AdminSession;
  await importFile(session, file, options);
  return { asked: asked.map(({ plain, dry_run: isDryRun }) => ({ plain, isDryRun })), shown };
}

test('on a terminal what may be a secret is asked about, and nothing is stored before', async () => {
  const { asked, shown } = await run(['', 'n'], true);
  assert.deepEqual(asked, [
    { plain: undefined, isDryRun: true },
    { plain: ['a-two'], isDryRun: undefined },
  ]);
  assert.match(shown, /a: header X-One: is it a secret\? \[Y\/n\]/);
  assert.doesNotMatch(shown, /env TOKEN/, 'what is sure is not asked');
});

test('without a terminal, and with --yes, nothing is asked', async () => {
  for (const [isTTY, options] of [
    [false, {}],
    [true, { yes: true }],
  ] as const)
    assert.deepEqual((await run([], isTTY, options)).asked, [{ plain: [], isDryRun: undefined }]);
});

test('Ctrl-C at a question imports nothing, and exits as what is interrupted', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'mcp.json');
  writeFileSync(file, '{"mcpServers":{"a":{"command":"x"}}}');
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  stderr.on('data', (chunk: Buffer) => {
    if (chunk.toString().includes('[Y/n] ')) stdin.write('\u0003');
  });
  const asked: unknown[] = [];
  const call = async (_endpoint: unknown, { body }: { body: { dry_run?: boolean } }) => {
    asked.push(body.dry_run);
    return RESULT;
  };
  const session = {
    api: { call },
    show: () => undefined,
    context: { stdin, stderr, cwd: '/' },
    inside: '',
    json: false,
  } as unknown as AdminSession;
  await assert.rejects(importFile(session, file, {}), { code: 'cancelled', message: /nothing was imported/ });
  assert.deepEqual(asked, [true]);
});

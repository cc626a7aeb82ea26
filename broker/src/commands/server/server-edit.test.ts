import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { BROKER_PROGRAM } from 'mcpgate-test/world/programs';
import { administration, type Row } from '../fixtures/administration.ts';
import { onTerminal } from '../fixtures/on-terminal.ts';
import { type Finished, runBrokerCommand } from '../fixtures/broker-process.ts';

const admin = administration(async (broker) => {
  await broker.json(['secret', 'set', 'wiki-key'], { stdin: 'v4lue-0f-it' });
  await broker.json(['server', 'add', 'wiki', 'https://wiki.example/mcp', '--header', 'X-Key=${secret:wiki-key}']);
});
const folder = mkdtempSync(join(tmpdir(), 'mcpgate-editors-'));
const show = async (): Promise<Row> => Object(await admin.broker.json(['server', 'show', 'wiki']));

/** An editor whose n-th opening does the n-th of these to the text; JavaScript over `text`, which ends the editor where it throws. */
function editor(...steps: string[]): { command: string; texts: () => string[] } {
  const own = mkdtempSync(join(folder, 'editor-'));
  const source = `
    import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
    import { execFileSync } from 'node:child_process';
    const file = process.argv.at(-1);
    const number = readdirSync(${JSON.stringify(own)}).filter((name) => name.startsWith('seen-')).length;
    const text = readFileSync(file, 'utf8');
    writeFileSync(${JSON.stringify(own)} + '/seen-' + number, text);
    const steps = [${steps.map((step) => `(text, execFileSync) => ${step}`).join(',')}];
    writeFileSync(file, (steps[number] ?? ((same) => same))(text, execFileSync));`;
  writeFileSync(join(own, 'editor.mjs'), source);
  const seen = () => readdirSync(own).filter((name) => name.startsWith('seen-'));
  return {
    command: `${process.execPath} ${join(own, 'editor.mjs')}`,
    texts: () => seen().map((_name, index) => readFileSync(join(own, `seen-${index}`), 'utf8')),
  };
}

/** In a folder for temporary files of its own, which must be empty afterwards unless something is to be kept. */
async function edit(command: string, ...words: string[]): Promise<Finished & { kept: string[] }> {
  const temporary = mkdtempSync(join(folder, 'tmp-'));
  const env = { MCPGATE_DATA: admin.broker.dataDir, EDITOR: command, TMPDIR: temporary };
  const finished = await runBrokerCommand(['server', 'edit', 'wiki', ...words], { env });
  return { ...finished, kept: readdirSync(temporary).map((name) => join(temporary, name)) };
}

describe('server edit', () => {
  test('changes what was changed in the text, which has no secret’s value in it', async () => {
    const { command, texts } = editor(
      `text.replace('/mcp', '/v2').replace('isolation: shared', 'isolation: per-user')`,
    );
    const { code, stdout, stderr, kept } = await edit(command);
    assert.deepEqual([code, stderr, kept], [0, '', []]);
    assert.match(stdout, /^changed wiki\n/);
    assert.match(stdout, /url: https:\/\/wiki\.example\/mcp → https:\/\/wiki\.example\/v2/);
    const { url, isolation } = await show();
    assert.deepEqual([url, isolation], ['https://wiki.example/v2', 'per-user']);
    assert.match(texts().join(''), /X-Key: \$\{secret:wiki-key\}/);
    assert.doesNotMatch(texts().join(''), /v4lue/);
  });

  test('changes nothing where the text is as it was, is empty, or says the same in other words', async () => {
    const before = await show();
    for (const step of [
      'text',
      `''`,
      `'# nothing\\n'`,
      `'\\n# my own comment\\n' + text`,
      `text.replace('X-Key: ', '"X-Key":   ')`,
    ]) {
      const { code, stdout, kept } = await edit(editor(step).command);
      assert.deepEqual([code, kept], [0, []], step);
      assert.match(stdout, /^wiki is as it was; nothing was changed\n$/, step);
    }
    assert.deepEqual(await show(), before);
    const failed = await edit('false');
    assert.deepEqual([failed.code, failed.kept], [1, []]);
    assert.match(failed.stderr, /the editor ended with 1; nothing was changed/);
    const none = await runBrokerCommand(['server', 'edit', 'wiki'], { env: { MCPGATE_DATA: admin.broker.dataDir } });
    assert.match(none.stderr, /say which editor: set VISUAL or EDITOR/);
  });

  test('shows a mistake at its line and opens the editor again, until it is right or given up', async () => {
    const { command, texts } = editor(
      `text.replace('isolation: per-user', 'isolation: mine')`,
      `text.replace('isolation: mine', 'isolation: shared').replace('\${secret:wiki-key}', '\${secret:absent}')`,
      `text.replace('X-Key: \${secret:absent}', 'Authorization: Bearer plain-v4lue')`,
      `text.replace('Authorization: Bearer plain-v4lue', 'X-Key: \${secret:wiki-key}').replace('/v2', '/v3')`,
    );
    const { code, stderr, kept } = await edit(command);
    assert.deepEqual([code, stderr, kept], [0, '', []]);
    const [, second = '', third = '', fourth = ''] = texts();
    assert.match(second, /\n# ✗ isolation: it must be shared, .*\nisolation: mine\n/);
    assert.match(third, /\n {4}# ✗ no secret named absent; set it first.*\n {4}X-Key: \$\{secret:absent\}\n/);
    assert.doesNotMatch(third, /✗ isolation/);
    assert.match(fourth, /\n {4}# ✗ header Authorization: this looks like a secret.*\n {4}Authorization: Bearer plain/);
    assert.equal((await show())['url'], 'https://wiki.example/v3');

    const givenUp = await edit(editor(`text.replace('isolation: shared', 'isolation: mine')`).command);
    assert.deepEqual([givenUp.code, givenUp.kept], [2, []]);
    assert.match(givenUp.stderr, /nothing was changed: isolation: /);
    assert.equal((await show())['isolation'], 'shared');
  });

  test('shows on a terminal what would be changed, and saves it once that is confirmed', async () => {
    const words = ['server', 'edit', 'wiki'];
    const { command } = editor(`text.replace('credential:', '# mine\\ncredential:').replace('/v3', '/asked')`);
    const env = { ...process.env, MCPGATE_DATA: admin.broker.dataDir, VISUAL: command, EDITOR: 'false' };
    const no = await onTerminal(env, words, 'n');
    assert.equal(no.code, 130);
    assert.match(no.stderr, /url: https:\/\/wiki\.example\/v3 → https:\/\/wiki\.example\/asked\nSave it\? \[y\/N\] /);
    assert.equal((await show())['url'], 'https://wiki.example/v3');
    const back = editor(`text.replace('/v3', '/asked')`);
    assert.equal((await onTerminal({ ...env, VISUAL: back.command }, words, 'y')).code, 0);
    assert.equal((await show())['url'], 'https://wiki.example/asked');
    await admin.broker.json(['server', 'set', 'wiki', '--url', 'https://wiki.example/v3']);
  });

  test('of two at once, the second to save is told, and its text is kept', async () => {
    const env = { PATH: process.env['PATH'], MCPGATE_DATA: admin.broker.dataDir };
    const other = editor(`text.replace('/v3', '/v4')`);
    const within = `(execFileSync(${JSON.stringify(process.execPath)}, [${JSON.stringify(BROKER_PROGRAM)}, 'server', 'edit', 'wiki'],
      { env: ${JSON.stringify({ ...env, EDITOR: other.command })} }), text.replace('/v3', '/mine'))`;
    const { code, stderr, kept } = await edit(editor(within).command);
    assert.equal(code, 1);
    assert.match(stderr, /wiki was changed meanwhile, last at .*; nothing was changed/);
    assert.match(stderr, /your text is kept in .*: `mcpgate-broker server edit wiki` shows what the record is now/);
    assert.equal((await show())['url'], 'https://wiki.example/v4');
    assert.match(readFileSync(join(kept[0] ?? '', 'wiki.yaml'), 'utf8'), /url: https:\/\/wiki\.example\/mine\n/);
  });
});

// What docs/configuration-as-code.md prints is what a broker does, and the schema beside it is the one of this version.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runBrokerCommand } from '../fixtures/broker-process.ts';
import { administration } from '../fixtures/administration.ts';
import { configurationSchemaText } from './configuration-schema.ts';

const docs = (name: string): string => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), 'utf8');
const page = docs('configuration-as-code.md');
const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language, text]) => ({
  language,
  text: text ?? '',
}));
const example = blocks.find(({ language }) => language === 'yaml')?.text ?? '';
const admin = administration();

test('the worked example of the page runs as it is printed there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-config-'));
  const file = join(folder, 'platform.yaml');
  writeFileSync(file, example);
  const from = page.indexOf('## A worked example');
  const lines = [...page.slice(from).matchAll(/^(?:echo \S+ \| )?mcpgate-broker (.*?)$/gm)].map(
    ([, line = '']) => line,
  );
  const worked = lines.slice(0, lines.findIndex((line) => line.startsWith('config apply')) + 2);
  assert.equal(worked.length, 7, worked.join('\n'));
  const printed: string[] = [];
  for (const line of worked) {
    const words = line.split(' ').map((word) => (word === 'platform.yaml' ? file : word));
    const { code, stdout, stderr } =
      words[1] === 'check' ? await runBrokerCommand(words) : await admin.broker.run(words, 'wiki-secret');
    assert.ok(code === 0 || (code === 10 && words[1] === 'plan'), `${line}\n${stdout}${stderr}`);
    printed.push(stdout);
  }
  const shown =
    blocks
      .find(({ text }) => text.startsWith('+ server'))
      ?.text.trimEnd()
      .split('\n') ?? [];
  const told = printed[4]?.split('\n') ?? [];
  for (const line of shown) assert.ok(told.includes(line), `${line}\n${printed[4]}`);
  assert.match(printed.at(-1) ?? '', /^no changes: everything is as platform\.yaml says$/m);
});

test('the JSON Schema beside the page is the one that this version prints', async () => {
  const printed = await runBrokerCommand(['config', 'schema']);
  assert.equal(printed.stdout, configurationSchemaText());
  assert.equal(
    docs('configuration.schema.json'),
    printed.stdout,
    'write it anew: mcpgate-broker config schema > docs/configuration.schema.json',
  );
});

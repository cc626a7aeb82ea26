// Mistakes of files, found without a broker and told with file, line and column.
import assert from 'node:assert/strict';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runBrokerCommand } from '../fixtures/broker-process.ts';

const RULE = 'effect: allow, who: ["*"], what: ["*"]';

function folderOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcpgate-config-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

async function checkStdin(text: string, ...flags: string[]) {
  const { code, stdout, stderr } = await runBrokerCommand(['config', 'check', '-', ...flags], { stdin: text });
  return { code, text: stdout + stderr };
}

async function check(files: Readonly<Record<string, string | Uint8Array>>, ...flags: string[]) {
  const path = Object.keys(files).length === 1 ? Object.keys(files).join('') : '.';
  const { code, stdout, stderr } = await runBrokerCommand(['config', 'check', path, ...flags], {
    cwd: folderOf(files),
  });
  return { code, text: stdout + stderr };
}

/** What is wrong with the text, and where that is said to be. */
const MISTAKES: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ['a table that is not closed', 'rules: {\n  a: 1\n', /^a\.yaml:\d+:\d+: /],
  ['nothing at all', '', /^a\.yaml:1:1: nothing stands here; write `version: 1`/],
  ['comments alone', '# was here\n\n', /^a\.yaml:1:1: nothing stands here; write `version: 1`/],
  ['a tab as indentation', 'rules:\n\ta: {}\n', /^a\.yaml:2:1: Tabs are not allowed/],
  ['a key twice', 'groups:\n  g: {}\n  g: {}\n', /^a\.yaml:3:3: this name stands twice/],
  ['what stands for itself', 'groups: &g\n  a: *g\n', /^a\.yaml:2:6: it stands for something that it is a part of/],
  ['a tag that nobody knows', 'name: !!js/function "x"\n', /^a\.yaml:1:7: Unresolved tag/],
  ['an unknown heading', 'rule:\n  a: {}\n', /^a\.yaml:1:1: there is no "rule" here; did you mean rules\?/],
  [
    'an unknown key',
    `rules:\n  a: { ${RULE}, notes: x }\n`,
    /^a\.yaml:2:\d+: there is no "notes" here; did you mean note\?/,
  ],
  ['__proto__ as a name', 'groups:\n  __proto__: { members: [] }\n', /^a\.yaml:2:3: __proto__ can be no name/],
  ['a table as a name', 'groups:\n  ? [a]\n  : {}\n', /^a\.yaml:2:5: a name is a text/],
  [
    'a name with other letters',
    `rules:\n  zähler: { ${RULE} }\n`,
    /^a\.yaml:2:3: rules\.zähler: a rule name is 1 to 50/,
  ],
  [
    'one word in the place of a list',
    'rules:\n  a:\n    effect: allow\n    who: "*"\n',
    /^a\.yaml:4:10: rules\.a\.who: write a list/m,
  ],
  ['a role that there is not', 'people:\n  ada: { role: boss }\n', /^a\.yaml:2:16: people\.ada\.role: /],
  [
    'a condition',
    `rules:\n  a:\n    effect: allow\n    who: ["*"]\n    what: ["*"]\n    when: args.x <> 1\n`,
    /^a\.yaml:6:\d+: rule a: the condition cannot be used/,
  ],
  ['a limit', `rules:\n  a: { ${RULE}, limit: [often] }\n`, /^a\.yaml:2:\d+: rule a: "often" is no limit/],
  [
    'a day that there is not',
    `rules:\n  a: { ${RULE}, until: 2027-02-30 }\n`,
    /^a\.yaml:2:\d+: rule a: "2027-02-30" is no time/,
  ],
  ['a span in the place of a time', `rules:\n  a: { ${RULE}, until: 2h }\n`, /^a\.yaml:2:\d+: rule a: "2h" is no time/],
  [
    'a secret in plain text',
    'servers:\n  s:\n    transport:\n      kind: http\n      url: https://x.example\n      headers: { Authorization: Bearer ghp_abcdefghijklmnopqrstuvwxyz0123456789 }\n',
    /^a\.yaml:6:\d+: server s: .*looks like a secret/,
  ],
  [
    'a server that is spelled otherwise',
    `servers:\n  github: { transport: { kind: http, url: "https://x.example" } }\nbundles:\n  a: { tools: [{ tool: githb__x }] }\n`,
    /^a\.yaml:4:\d+: there is no server githb here; did you mean github\?/,
  ],
  ['a version of later', 'version: 2\n', /^a\.yaml:1:10: version: this version of mcpgate reads version 1/],
  ['a list of all', '- a\n', /^a\.yaml:1:1: write a table/],
  ['two documents', 'version: 1\n---\nversion: 1\n', /^a\.yaml:2:1: /],
  ['an alias of nothing', 'groups:\n  a: *b\n', /^a\.yaml:\d+:\d+: Unresolved alias/],
];

describe('config check', () => {
  for (const [what, text, expected] of MISTAKES)
    it(`finds ${what}`, async () => {
      const { code, text: told } = await check({ 'a.yaml': text });
      assert.equal(code, 1, told);
      assert.match(told, expected);
      assert.doesNotMatch(told, /ghp_/);
    });

  it('takes lines that end as on Windows, comments, anchors and any letters in notes and names of tools', async () => {
    const text = [
      '# Änderung',
      'version: 1',
      'servers: { wiki: { transport: { kind: http, url: "https://wiki.example" } } }',
      'bundles: { kit: { tools: [ { tool: wiki__größe-日本, as: size } ] } }',
      'rules:',
      '  a: &all',
      '    effect: allow',
      '    who: ["*"]',
      '    what: ["*"]',
      '    note: für alle 🎉',
      '  b: *all',
    ].join('\r\n');
    const { code, text: told } = await check({ 'a.yaml': text });
    assert.equal(code, 0, told);
  });

  it('bounds what aliases may stand for, and how much may stand in a file', async () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'
        .split('')
        .map((key, at) => `${key}: &${key} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[at]}`).join(',')}]`),
    ].join('\n');
    const bombed = await check({ 'a.yaml': bomb });
    assert.equal(bombed.code, 1);
    assert.match(bombed.text, /alias/i);
    const huge = await check({ 'a.yaml': `# ${'x'.repeat(1_000_001)}\n` });
    assert.equal(huge.code, 2);
    assert.match(huge.text, /larger than 1000000 bytes/);
    const folder = folderOf({});
    symlinkSync('/dev/zero', join(folder, 'a.yaml'));
    const endless = await runBrokerCommand(['config', 'check', '.'], { cwd: folder });
    assert.deepEqual([endless.code, endless.stderr], [2, 'mcpgate-broker: a.yaml is no file\n']);
    const device = await runBrokerCommand(['config', 'import', 'a.yaml'], { cwd: folder });
    assert.match(device.stderr, /a\.yaml is larger than 1000000 bytes/);
    const bundle = (name: string): string => `  ${name}: { tools: [{ tool: w__x, describe: ${'y'.repeat(6_000)} }] }`;
    const names = Array.from({ length: 150 }, (_each, at) => `b${at}`);
    const wide = await check({ 'a.yaml': `bundles:\n${names.map(bundle).join('\n')}\n` });
    assert.equal(wide.code, 0, wide.text.slice(0, 300));
  });

  it('refuses what is no text', async () => {
    const { code, text } = await check({ 'a.yaml': new Uint8Array([0x61, 0xff, 0xfe]) });
    assert.equal(code, 2);
    assert.match(text, /a\.yaml is no text in UTF-8/);
    assert.match((await check({ 'a.txt': '', 'b.md': '' })).text, /there is no \.yaml or \.yml file/);
  });

  it('reads all files of a folder as one, and names both places of what is said twice', async () => {
    const good = await check({
      'groups.yaml': 'name: platform\ngroups: { g: { members: [ada] } }\n',
      'rules.yml': `name: platform\nrules:\n  a: { effect: allow, who: [group:g], what: ["*"] }\n`,
      'notes.txt': 'not read',
    });
    assert.equal(good.code, 0, good.text);
    const twice = await check({
      'one.yaml': `rules:\n  a: { ${RULE} }\nenforcement: observe\n`,
      'two.yaml': `rules:\n  a: { ${RULE} }\nenforcement: observe\n`,
    });
    assert.equal(twice.code, 1);
    assert.match(twice.text, /^two\.yaml:2:3: rules\.a stands in one\.yaml:2:3 too/m);
    assert.match(twice.text, /^two\.yaml:3:14: enforcement stands in one\.yaml:3:14 too/m);
  });

  it('tells all mistakes at once, in the order of lines, of a file or of stdin', async () => {
    const text = [
      'rules:',
      '  a: { effect: allow, who: ["*"], what: ["*"], when: "args.x <>", until: 2h, limit: [often] }',
      '  b: { effect: allow, who: ["*"], what: ["*"], notes: x }',
      '  c: { effect: deny, who: ["*"], what: ["*"], approver: [self] }',
      'groups:',
      '  g: { members: ada }',
      '  h: { members: [ada], bundle: g }',
    ].join('\n');
    for (const { code, text: told } of [await check({ stdin: text }), await checkStdin(text)]) {
      assert.equal(code, 1);
      const places = told
        .split('\n')
        .flatMap((line) => /^stdin:(\d+):\d+: (?!note)(.*)/.exec(line)?.slice(1, 3).join(' ') ?? []);
      assert.deepEqual(
        places.map((each) => Number.parseInt(each, 10)),
        [2, 2, 2, 3, 4, 6],
        told,
      );
      for (const each of [
        /the condition cannot be used/,
        /"2h" is no time/,
        /"often" is no limit/,
        /there is no "notes" here/,
        /only a rule that asks has approvers/,
        /write a list/,
      ])
        assert.match(told, each);
    }
    const good = await checkStdin('version: 1\n');
    assert.deepEqual([good.code, good.text], [0, '- is a configuration without mistakes\n']);
  });

  it('lets rules be about what is to come, and says what may have been meant', async () => {
    const text = `bundles:\n  kit: { tools: [{ tool: wiki__x }] }\nrules:\n  a: { effect: allow, who: ["*"], what: ["bundle:kitt"] }\n`;
    const { code, text: told } = await check({ 'a.yaml': text });
    assert.equal(code, 0, told);
    assert.match(
      told,
      /^a\.yaml:4:\d+: note: bundle kitt is not said here, so that the broker must have it; did you mean kit\?/m,
    );
    assert.equal((await check({ 'a.yaml': text }, '--strict')).code, 1);
  });

  it('notes what the files do not have, which is a mistake with --strict', async () => {
    const text = 'groups:\n  g: { members: [ada], bundle: reports }\n';
    const noted = await check({ 'a.yaml': text });
    assert.equal(noted.code, 0);
    assert.match(noted.text, /^a\.yaml:2:32: note: bundle reports is not said here/m);
    assert.equal((await check({ 'a.yaml': text }, '--strict')).code, 1);
    const { text: json } = await check({ 'a.yaml': text }, '--json');
    assert.deepEqual(Object.keys(JSON.parse(json)), ['ok', 'mistakes', 'elsewhere']);
  });
});

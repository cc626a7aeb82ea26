// Configuration as code from the command line: a real broker, real files.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { administration, type Row } from '../fixtures/administration.ts';

const FULL = `
secrets:
  wiki-token: {}
servers:
  wiki:
    transport:
      kind: http
      url: https://wiki.example.com/mcp
      headers:
        Authorization: Bearer \${secret:wiki-token}
bundles:
  reports:
    description: For the monthly report.
    tools:
      - tool: wiki__search
        as: find
people:
  grace: { role: operator }
groups:
  payments:
    members: [ada, grace]
    bundle: reports
rules:
  payments-read-the-wiki:
    effect: allow
    who: [group:payments]
    what: [wiki__*]
    when: args.limit <= 50
    limit: [10/minute, 100/day per group]
    note: they asked for it
`;

describe('configuration as code', () => {
  const at = administration(async (broker) => {
    for (const name of ['ada', 'grace']) await broker.json(['user', 'add', name]);
    await broker.json(['secret', 'set', 'wiki-token'], { stdin: 'not-to-be-seen' });
  });
  const file = async (text: string, name = 'platform.yaml'): Promise<string> => {
    const path = join(await mkdtemp(join(tmpdir(), 'mcpgate-config-')), name);
    await writeFile(path, text);
    return path;
  };
  const plan = async (path: string, code: number): Promise<Row> =>
    Object(await at.broker.json(['config', 'plan', path], { code }));

  it('is planned, applied, and then as it should be', async () => {
    const path = await file(FULL);
    const first = await plan(path, 10);
    assert.deepEqual(first['counts'], { add: 4, change: 1, remove: 0 });
    const told = await at.broker.run(['config', 'plan', path]);
    assert.match(told.stdout, /\+ server wiki: http, shared/);
    assert.match(told.stdout, /~ role of grace: operator\n {4}role: member → operator/);
    assert.match(told.stdout, /plan: 4 to add, 1 to change, 0 to remove\n$/);

    const applied = Object(await at.broker.json(['config', 'apply', path]));
    assert.deepEqual(applied['counts'], first['counts']);
    assert.deepEqual((await plan(path, 0))['changes'], []);

    const [rule] = await at.rows('rule', 'list');
    assert.equal(rule?.['id'], 'payments-read-the-wiki');
    assert.equal(rule?.['managed_by'], 'platform.yaml');
    const verdict = Object(await at.broker.json(['rule', 'test', 'user:ada', 'wiki__search', '--args', '{"limit":5}']));
    assert.equal(verdict['rule'], 'payments-read-the-wiki');
    const [event] = await at.rows('audit', 'search', '--events', '--type', 'config.applied');
    assert.equal(Object(event)['subject'], 'configuration:platform.yaml');
  });
});

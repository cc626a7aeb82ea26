// `npm start`: what a newcomer gets. Three real servers, one visible rule, the set-up link and the next commands.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../step.ts';
import { startCommand, runCommand } from '../world/command.ts';
import { BROKER } from '../world/broker.ts';
import { createPerson } from '../world/people/person.ts';
import { endProcessesOf } from '../world/process-table.ts';

test('npm start prints the set-up link and next commands, and two people who log in use three real servers', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'mg-'));
  const data = join(root, 'data');
  const env = { HOME: root, PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, NO_COLOR: '1' };
  const script = join(REPOSITORY, 'broker/quickstart/start.ts');
  const started = startCommand([process.execPath, script, '--data', data, '--listen', '127.0.0.1:0'], {
    env,
    cwd: root,
  });
  const people = ['ada', 'grace'].map((name) => createPerson({ name, root }));
  t.after(async () => {
    await Promise.all(people.map((person) => person.close()));
    await started.stop();
    endProcessesOf(root);
    rmSync(root, { recursive: true, force: true });
  });
  const [, url = ''] = await started.line(/^ready (\S+)/, 60_000);
  await started.line(/mcpgate login/);
  assert.match(started.output(), new RegExp(`${url}/setup`));

  const broker = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCommand([process.execPath, BROKER, ...args, '--data', data], { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const rules = JSON.parse(await broker('rule', 'list', '--json')) as {
    effect: string;
    who: string[];
    what: string[];
  }[];
  assert.deepEqual(
    rules.map(({ effect, who, what }) => [effect, ...who, ...what]),
    [['allow', '*', '*']],
  );
  const clients = [];
  for (const person of people) {
    await broker('user', 'add', person.name);
    await person.login(url, (code) => broker('login', 'approve', code, '--as', person.name));
    clients.push(await person.aiClient());
  }
  const [ada, grace] = clients;
  assert.ok(ada && grace);
  const servers = new Set((await ada.toolNames()).map((name) => name.split('__')[0]));
  assert.equal(servers.size, 3, [...servers].join());
  assert.match((await ada.call('everything__echo', { message: 'hello' })).text, /hello/);
  const entity = { name: 'secret-project', entityType: 'project', observations: ['only Ada knows'] };
  assert.equal((await ada.call('memory__create_entities', { entities: [entity] })).isError, false);
  assert.match((await ada.call('memory__read_graph')).text, /only Ada knows/);
  assert.doesNotMatch((await grace.call('memory__read_graph')).text, /only Ada knows/, 'one memory a person');
});

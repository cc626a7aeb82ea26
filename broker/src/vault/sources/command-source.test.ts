// Secrets that commands print: which commands run, with what around them, and what becomes of those that print too much, too late or twice.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { systemClock } from 'mcpgate-shared/clock';
import { temporaryFolder } from '../../store/fixtures/both-engines.ts';
import { createCommandSource } from './command-source.ts';

function world(t: TestContext, options: { timeoutMs?: number; commands?: string[][]; commandEnv?: string[] } = {}) {
  const folder = temporaryFolder(t);
  const program = (name: string, script: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const { timeoutMs: commandTimeoutMs = 10_000, commandEnv = [] } = options;
  const env = {
    PATH: process.env['PATH'],
    HOME: '/root',
    OP_TOKEN: 'op',
    AWS_REGION: 'eu',
    DATABASE_URL: 'postgres://u:p@h',
  };
  const sourceOf = (...commands: string[][]) => {
    const source = createCommandSource({ commands, commandEnv, commandTimeoutMs }, { env, clock: systemClock });
    t.after(() => source.close?.());
    return (text: string, workspaceId = 'default') => source.read({ text, workspaceId });
  };
  /** Of one program with one more word, whatever it is. */
  const readOf = (script: string) => {
    const path = program('op', script);
    return sourceOf([path, '*'])(`${path} x`);
  };
  return { folder, program, sourceOf, readOf };
}

it('a command is run as its words, without a shell, and what it prints is the value', async (t) => {
  const { folder, program, sourceOf } = world(t);
  const path = program('op', `printf '%s|' "$@"`);
  const read = sourceOf([path, 'read', 'op://*']);
  assert.equal(
    await read(`${path} read "op://My Vault/it$(touch ${folder}/made)/x;y"`),
    `read|op://My Vault/it$(touch ${folder}/made)/x;y|`,
  );
  assert.ok(!existsSync(join(folder, 'made')));
});

it('no command runs that the configuration does not list word for word, so that nobody gets a shell by a secret', async (t) => {
  const { folder, program, sourceOf } = world(t);
  const path = program('op', `touch ${folder}/ran; echo value`);
  const read = sourceOf([path, 'read', 'op://*'], [path, 'get', '*', '--plain']);
  for (const text of [
    `/bin/sh -c "touch ${folder}/ran"`,
    `${path} read`,
    `${path} read op://a --debug`,
    `${path} read --out=/etc/passwd`,
    `${path} write op://a`,
    `${path} get --config=/evil --plain`,
    `${path} get "" --plain`,
    `op read op://a`,
  ])
    await assert.rejects(read(text), { code: 'forbidden', message: /sources\.commands .* does not allow/ }, text);
  await assert.rejects(read(`${path} read op://a`, 'team-b'), {
    code: 'forbidden',
    message: /workspace default alone/,
  });
  await assert.rejects(sourceOf()(`${path} read op://a`), { code: 'forbidden' });
  assert.ok(!existsSync(join(folder, 'ran')));
  assert.equal(await read(`${path} get thing --plain`), 'value');
});

it('a command gets PATH, HOME and what the configuration names of the environment, and nothing else', async (t) => {
  const { readOf } = world(t, { commandEnv: ['OP_TOKEN', 'AWS_*'] });
  assert.equal(
    await readOf('env | cut -d= -f1 | grep -v "^PWD$\\|^_$\\|^SHLVL$" | sort | tr "\\n" " "'),
    'AWS_REGION HOME OP_TOKEN PATH ',
  );
});

it('a command that hangs is ended after its time, with all that it has started', async (t) => {
  const { folder, readOf } = world(t, { timeoutMs: 300 });
  const read = readOf(`sleep 600 & echo $! > ${folder}/child; wait`);
  await assert.rejects(read, {
    code: 'unavailable',
    message: /op printed nothing that ended within 0\.3 s, and was ended \(sources\.command_timeout\)/,
  });
  await gone(Number(readFileSync(join(folder, 'child'), 'utf8')));
});

it('what a command leaves behind is ended with it', async (t) => {
  const { folder, readOf } = world(t);
  assert.equal(await readOf(`sleep 600 >/dev/null 2>&1 & echo $! > ${folder}/child; echo value`), 'value');
  await gone(Number(readFileSync(join(folder, 'child'), 'utf8')));
});

it('a command that prints twice, too much, nothing or no text, fails or is not there, gives no value, and its words are kept', async (t) => {
  const { readOf, sourceOf, folder } = world(t);
  const says = (script: string, message: RegExp) => assert.rejects(readOf(script), { code: 'unavailable', message });
  await says('echo one; echo two', /op printed more than one line/);
  await says('echo one; echo', /op printed more than one line/);
  await says('head -c 1048576 /dev/zero | tr "\\0" x', /printed more than 65536 bytes, and was ended/);
  await says('yes', /printed more than 65536 bytes/);
  await says('true', /what .*op printed is empty/);
  await says(`printf '\\377'`, /not valid UTF-8/);
  await says(
    'echo ghp_secret; echo ghp_secret >&2; exit 3',
    /^(?!.*ghp_secret).*ended with exit code 3: run it as the broker's user/,
  );
  await says('kill -9 $$', /ended with SIGKILL/);
  const none = join(folder, 'none');
  await assert.rejects(sourceOf([none])(none), {
    code: 'unavailable',
    message: /none could not be started: there is no such file/,
  });
});

/** Resolves once there is no such process, or only what is left of it. */
async function gone(pid: number): Promise<void> {
  assert.ok(pid > 0);
  const isThere = (): boolean => {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setImmediate(resolve));
}

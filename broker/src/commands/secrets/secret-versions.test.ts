// A secret is replaced, and one knows that it worked: seen at the service, which notes what each call carried.
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startHttpUpstream, type HttpUpstream } from '../../upstreams/fixtures/http-upstream.ts';
import { administration } from '../fixtures/administration.ts';

const admin = administration();
let upstream: HttpUpstream;

interface Step {
  step: string;
  server: string | null;
  ok: boolean;
  verified: boolean | null;
  detail: string;
  next: string | null;
}
interface Rotated {
  name: string;
  version: number;
  verified: boolean | null;
  servers: string[];
  steps: Step[];
  rotated: boolean;
  previous_version: number | null;
  old_refused: boolean | null;
}

const json = async (words: string[], stdin?: string, code = 0): Promise<Rotated> =>
  Object(await admin.broker.json(words, { code, ...(stdin !== undefined && { stdin }) })) as Rotated;
const stepsOf = ({ steps }: Rotated) =>
  steps.map(({ step, server, ok }) => `${ok ? '✓' : '✗'} ${step} ${server ?? ''}`.trim());
/** The credentials of the calls of its tool. */
const carried = () =>
  upstream.received.flatMap(({ message, headers }) =>
    message['method'] === 'tools/call' ? headers.authorization : [],
  );

before(async () => {
  upstream = await startHttpUpstream();
  upstream.tools = ['whoami'];
});
after(() => upstream.close());

describe('a secret with a server that names a probe', () => {
  before(async () => {
    upstream.authorization = 'Bearer one-v4lue';
    await json(['secret', 'set', 'tok'], 'one-v4lue');
    await json(['server', 'add', 'web', '--url', upstream.url, '--header', 'Authorization=Bearer ${secret:tok}']);
    await json(['server', 'set', 'web', '--probe', 'whoami', '--probe-args', '{"verbose":true}']);
  });
  beforeEach(() => void (upstream.received.length = 0));

  test('is verified when it is set, and a mistyped value is told as such', async () => {
    const wrong = await json(['secret', 'set', 'tok'], 'mistyped-v4lue', 1);
    assert.deepEqual([wrong.version, wrong.verified, wrong.servers], [2, false, ['web']]);
    assert.match(wrong.steps[0]?.detail ?? '', /HTTP 401/);
    const text = await admin.broker.run(['secret', 'set', 'tok'], 'one-v4lue');
    assert.match(
      text.stdout,
      /✓ probe: web: its tool whoami answered\nverified: every server that uses it answered with it\n$/,
    );
    assert.equal(carried().at(-1), 'Bearer one-v4lue');
  });

  test('is not rotated to a value that the service refuses: the old one stays, and the service’s answer is told without the value', async () => {
    const failed = await admin.broker.run(['secret', 'rotate', 'tok', '--json'], 'wrong-v4lue');
    assert.equal(failed.code, 1);
    const rotated = JSON.parse(failed.stdout) as Rotated;
    assert.deepEqual(
      [rotated.rotated, rotated.version, rotated.verified, rotated.previous_version],
      [false, 3, false, null],
    );
    assert.deepEqual(stepsOf(rotated), ['✓ stage', '✗ probe web', '✓ discard']);
    assert.match(rotated.steps[1]?.detail ?? '', /HTTP 401/);
    const text = await admin.broker.run(['secret', 'rotate', 'tok'], 'wrong-v4lue');
    assert.equal(text.code, 1);
    assert.match(text.stdout, /^tok was not rotated: version 3 stays in use/);
    assert.match(text.stderr, /✗ probe: web: handshake: .*HTTP 401/);
    assert.doesNotMatch(failed.stdout + text.stdout + text.stderr, /v4lue/);
    assert.equal(Object((await admin.rows('secret', 'list'))[0])['version'], 3);
  });

  test('is rotated once the service takes the new value; the old one is retired, and proved dead', async () => {
    upstream.authorization = 'Bearer two-v4lue';
    const rotated = await json(['secret', 'rotate', 'tok', '--prove-dead', '--expires', '30d'], 'two-v4lue\n');
    assert.deepEqual(
      [rotated.rotated, rotated.verified, rotated.old_refused, rotated.servers],
      [true, true, true, ['web']],
    );
    assert.deepEqual(stepsOf(rotated), ['✓ stage', '✓ probe web', '✓ switch', '✓ retire', '✓ prove-dead web']);
    assert.deepEqual(carried(), ['Bearer two-v4lue'], 'the old value was refused before any call');
    const history = await admin.rows('secret', 'history', 'tok');
    const [current, previous] = history.filter(({ state }) => state !== 'discarded');
    assert.ok(
      history.some(({ state, source }) => state === 'discarded' && source === 'rotate'),
      'a rotation that came to nothing',
    );
    assert.deepEqual([current?.['version'], current?.['state']], [rotated.version, 'current']);
    assert.deepEqual([previous?.['version'], previous?.['state']], [rotated.previous_version, 'retired']);
    assert.match(String(current?.['set_by']), /^host:/);
    assert.ok(Date.parse(String(current?.['expires_at'])) > Date.now() + 29 * 86_400_000);
    const events = await admin.rows('audit', 'search', '--events', '--type', 'secret.rot*');
    assert.deepEqual(events.map(({ type }) => type).slice(0, 2), ['secret.rotated', 'secret.rotation_begun']);
    assert.doesNotMatch(JSON.stringify(events), /v4lue/);
  });

  test('whose old value still works is told so, with exit code 1: it is to be revoked at the service', async () => {
    upstream.authorization = undefined;
    const { code, stdout, stderr } = await admin.broker.run(['secret', 'rotate', 'tok', '--prove-dead'], 'three-v4lue');
    assert.equal(code, 1);
    assert.match(stdout, /^tok is now version \d+ \(verified\); version \d+ still works: revoke it at its service/);
    assert.match(stderr, /✗ prove-dead: web: still takes version \d+/);
    assert.match(stderr, /→ revoke the old value of tok at the service of web/);
    const alive = await admin.broker.run(['secret', 'prove-dead', 'tok']);
    assert.equal(alive.code, 1);
    assert.match(alive.stdout, /^ +✗ prove-dead: web: still takes version \d+/);
    upstream.authorization = 'Bearer three-v4lue';
    const dead = await admin.broker.run(['secret', 'prove-dead', 'tok']);
    assert.equal(dead.code, 0);
    assert.match(dead.stdout, /^version \d+ of tok is dead: every service refuses it$/m);
  });

  test('goes back to the version before, or to one that is named, and is probed with it', async () => {
    const { version } = await json(['secret', 'set', 'tok'], 'four-v4lue', 1);
    const back = await json(['secret', 'rollback', 'tok']);
    assert.deepEqual([back.version, back.verified], [version - 1, true]);
    const further = await json(['secret', 'rollback', 'tok'], undefined, 1);
    assert.ok(further.version < version - 1, 'never to the one that was gone back from');
    const named = await json(['secret', 'rollback', 'tok', '--to', '1'], undefined, 1);
    assert.deepEqual([named.version, named.verified], [1, false]);
    const same = await admin.failure(['secret', 'rollback', 'tok', '--to', '1']);
    assert.match(same.stderr, /version 1 of tok is the one that is in use/);
    const none = await admin.failure(['secret', 'rollback', 'tok', '--to', '99']);
    assert.match(none.stderr, /has no version 99 that could be used again; `mcpgate-broker secret history tok` shows/);
    await json(['secret', 'rollback', 'tok', '--to', String(version - 1)]);
  });

  test('is not rotated to the value that it has, nor twice at once, and a name that is not there is told', async () => {
    const same = await admin.failure(['secret', 'rotate', 'tok'], 'three-v4lue');
    assert.equal(same.code, 2);
    assert.match(same.stderr, /the value given is the one that is in use/);
    const missing = await admin.failure(['secret', 'rotate', 'nowhere'], 'x-v4lue');
    assert.match(missing.stderr, /there is no secret named nowhere: set it/);
    assert.equal((await admin.failure(['secret', 'rotate', 'tok', 'as-argument'])).code, 2);
    let held: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => {
      upstream.authorization = undefined;
      upstream.intercept = (_request, response, message) => {
        if (message['method'] !== 'tools/call') return false;
        held = () => {
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(JSON.stringify({ jsonrpc: '2.0', id: message['id'], result: { content: [] } }));
        };
        resolve();
        return true;
      };
    });
    const first = admin.broker.run(['secret', 'rotate', 'tok', '--json'], 'five-v4lue');
    await arrived;
    const second = await admin.failure(['secret', 'rotate', 'tok'], 'six-v4lue');
    assert.equal(second.code, 1);
    assert.match(
      second.stderr,
      /a rotation of the secret tok is under way by host:\S+, since \S+ \(version \d+ is staged\)/,
    );
    const [staged] = await admin.rows('secret', 'history', 'tok');
    assert.equal(staged?.['state'], 'staged');
    upstream.intercept = undefined;
    held?.();
    assert.equal((await first).code, 0);
  });
});

test('a name or version that is mistyped is not told as one that no call has used', async () => {
  const nowhere = await admin.failure(['secret', 'blast', 'nowhere']);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.stderr, /there is no secret nowhere/);
  await json(['secret', 'set', 'unused'], 'unused-v4lue');
  const never = await admin.failure(['secret', 'blast', 'unused', '99']);
  assert.match(never.stderr, /the secret unused never had a version 99; `mcpgate-broker secret history unused` shows/);
  assert.match((await admin.broker.run(['secret', 'blast', 'unused', '1'])).stdout, /^no call has used version 1/);
});

test('a secret whose server names no probe is rotated, and said to be not verified', async () => {
  upstream.authorization = undefined;
  await json(['server', 'set', 'web', '--no-probe']);
  const rotated = await json(['secret', 'rotate', 'tok'], 'unproven-v4lue');
  assert.deepEqual([rotated.rotated, rotated.verified], [true, null]);
  const probe = rotated.steps.find(({ step }) => step === 'probe');
  assert.match(probe?.detail ?? '', /^not verified: /);
  assert.match(probe?.next ?? '', /^mcpgate-broker server set web --probe /);
  const set = await json(['secret', 'set', 'tok'], 'unproven-2-v4lue');
  assert.equal(set.verified, null);
});

test('a value that is set while its server is out of reach is set, and not known to work; one is not put in its place then', async () => {
  await json(['secret', 'set', 'far'], 'far-v4lue');
  await json(['server', 'add', 'far', '--url', 'http://127.0.0.1:1/mcp', '--header', 'X-Key=${secret:far}']);
  const set = await json(['secret', 'set', 'far'], 'far-2-v4lue');
  assert.deepEqual([set.version, set.verified, stepsOf(set)], [2, null, ['✗ probe far']]);
  const text = await admin.broker.run(['secret', 'set', 'far'], 'far-3-v4lue');
  assert.match(text.stdout, /✗ probe: far: connect: [^]*kept and in use; what was out of reach could not be asked/);
  const rotated = await json(['secret', 'rotate', 'far'], 'far-4-v4lue', 1);
  assert.deepEqual([rotated.rotated, rotated.version], [false, 3]);
});

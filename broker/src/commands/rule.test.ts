import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { localTime } from 'mcpgate-shared/local-time';
import { administration, keysOf } from './fixtures/administration.ts';

const admin = administration(async (broker) => {
  for (const name of ['ada', 'grace']) await broker.json(['user', 'add', name]);
});

describe('rules', () => {
  test('decide from the moment they are added, deny first, and a test says which one', async () => {
    assert.deepEqual(await admin.rows('rule', 'list'), []);
    const none = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'memory__read_graph'], { code: 1 }));
    assert.equal(none['decision'], 'deny');
    const allow = Object(
      await admin.broker.json([
        'rule',
        'add',
        '--allow',
        '--who',
        'user:ada',
        'group:qa',
        '--what',
        'memory__*',
        '--note',
        'n',
      ]),
    );
    assert.deepEqual(keysOf(allow), [
      ...['approvers', 'created_at', 'created_by', 'effect', 'except', 'expired', 'id', 'limits', 'managed_by'],
      ...['nobody_yet', 'note', 'observe', 'until', 'warnings', 'what', 'when', 'who'],
    ]);
    assert.deepEqual(allow['nobody_yet'], ['group:qa']);
    assert.match(String(allow['created_by']), /^host:\S+$/);
    const yes = Object(await admin.broker.json(['rule', 'test', '--who', 'ada', '--what', 'memory__read_graph']));
    assert.deepEqual([yes['decision'], yes['rule']], ['allow', allow['id']]);
    const deny = Object(await admin.broker.json(['rule', 'add', '--deny', '--who', '*', '--what', 'memory__delete_*']));
    const no = Object(await admin.broker.json(['rule', 'test', 'user:ada', 'memory__delete_entities'], { code: 1 }));
    assert.equal(no['rule'], deny['id']);
    await admin.broker.json(['rule', 'remove', String(deny['id'])]);
    assert.equal((await admin.rows('rule', 'list')).length, 1);
  });

  test('that are not said in full are told all that is missing at once, and so is every other command', async () => {
    const nothing = await admin.failure(['rule', 'add']);
    assert.equal(nothing.code, 2);
    assert.match(
      nothing.stderr,
      /give one of --allow, --deny and --ask; --who, as in --who group:eng; --what, as in --what 'github__\*'\n/,
    );
    const two = await admin.failure(['rule', 'add', '--allow', '--deny', '--who', '*', '--what', '*']);
    assert.match(two.stderr, /: give one of --allow, --deny and --ask\n/);
    const grant = await admin.failure(['grant', 'issue']);
    assert.deepEqual([grant.code, /give --label <label> and --server <server\.\.\.>; /.test(grant.stderr)], [2, true]);
    const late = await admin.failure(['rule', 'test', 'ada', 'memory__x', '--at', 'tomorrow']);
    assert.deepEqual([late.code, /--at: "tomorrow" is no time; write 2027-03-01 or /.test(late.stderr)], [2, true]);
    const day = Object(await admin.broker.json(['rule', 'test', 'ada', 'x__y', '--at', '2026-12-24'], { code: 1 }));
    assert.equal(day['decision'], 'deny');
    const args = ['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'memory__*', '--until', '2h'];
    const { stdout } = await admin.broker.run(args, '');
    assert.match(stdout, /, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d\n/);
    const [, id = ''] = /^added (\S+):/.exec(stdout) ?? [];
    assert.match(String(Object(await admin.broker.json(['rule', 'remove', id]))['until']), /:\d\d\.000Z$/);
  });

  test('for somebody who is not there yet say so, because the name may be mistyped', async () => {
    const { stdout, code } = await admin.broker.run(
      ['rule', 'add', '--allow', '--who', 'user:adda', 'user:a*', 'user:ada', '--what', 'mistyped__*'],
      '',
    );
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^added \S+: allow [^\n]*\n +! there is no user:adda yet; the rule waits for the first one of that name; did you mean user:ada\?\n +! mistyped: there is no such server; 0 tools\n$/,
    );
    const [, id = ''] = /^added (\S+):/.exec(stdout) ?? [];
    const listed = await admin.broker.run(['rule', 'list'], '');
    assert.ok(listed.stdout.includes(`\n! ${id}: there is no user:adda yet;`), 'it is still said in the list');
    assert.ok(listed.stdout.includes(`\n! ${id}: mistyped: there is no such server; 0 tools\n`), listed.stdout);
    await admin.broker.json(['rule', 'remove', id]);
  });

  test('may have exceptions and an end, may only observe, and read as a sentence', async () => {
    const { stdout } = await admin.broker.run(
      [
        ...['rule', 'add', '--deny', '--who', '*', 'device:Old Mac', '--except', 'user:grace', 'net:10.0.0.0/8'],
        ...['--what', 'write:memory', '--until', '2030-01-02', '--observe'],
      ],
      '',
    );
    const sentence = `deny everybody and device:Old Mac to call write:memory, except user:grace and net:10.0.0.0/8, until ${localTime(Date.UTC(2030, 0, 2))}, only observed`;
    const [, id = '', told] = /^added (\S+): (.*)\n/.exec(stdout) ?? [];
    assert.equal(told, sentence);
    const listed = await admin.broker.run(['rule', 'list'], '');
    assert.ok(listed.stdout.includes('only observed'), listed.stdout);
    const [row] = (await admin.rows('rule', 'list')).filter((each) => each['id'] === id);
    assert.deepEqual(
      [row?.['except'], row?.['until'], row?.['expired'], row?.['observe']],
      [['user:grace', 'net:10.0.0.0/8'], '2030-01-02T00:00:00.000Z', false, true],
    );
    const removed = await admin.broker.run(['rule', 'remove', id], '');
    assert.equal(removed.stdout, `removed ${id}: ${sentence}\n`);
  });

  test('are tested with what is said of the client, the device, the address and the time', async () => {
    const rule = Object(
      await admin.broker.json([
        ...['rule', 'add', '--allow', '--who', 'client:cursor', 'net:192.0.2.0/24', 'device:mac', '--what', 'seen__*'],
        ...['--until', '2030-01-02T18:00:00Z'],
      ]),
    );
    const decided = async (...with_: string[]): Promise<unknown> => {
      const { stdout } = await admin.broker.run(['rule', 'test', 'ada', 'seen__x', ...with_, '--json'], '');
      return Object(JSON.parse(stdout))['decision'];
    };
    assert.equal(await decided(), 'deny');
    assert.equal(await decided('--client', 'cursor'), 'allow');
    assert.equal(await decided('--client', 'codex'), 'deny');
    assert.equal(await decided('--address', '192.0.2.9'), 'allow');
    assert.equal(await decided('--device', 'mac'), 'allow');
    assert.equal(await decided('--device', 'mac', '--at', '2030-01-02T17:59:59.999Z'), 'allow');
    assert.equal(await decided('--device', 'mac', '--at', '2030-01-02T18:00:00Z'), 'deny');
    const near = ['--deny', '--who', '*', '--except', 'net:192.0.2.0/24', 'device:mac', '--what', 'seen__*'];
    const { id } = Object(await admin.broker.json(['rule', 'add', ...near]));
    const said = async (...with_: string[]): Promise<string> =>
      (await admin.broker.run(['rule', 'test', 'ada', 'seen__x', '--client', 'cursor', ...with_], '')).stdout;
    assert.match(
      await said(),
      /^deny .* denies it; what is not known speaks against a call: give --address and --device\n/,
    );
    assert.match(await said('--device', 'pc'), /call: give --address\n/);
    assert.match(await said('--device', 'pc', '--address', '198.51.100.1'), /^deny .* denies it\n/);
    assert.match(await said('--address', '192.0.2.1'), /^allow /);
    for (const each of [id, rule['id']]) await admin.broker.json(['rule', 'remove', String(each)]);
  });

  test('with an allowance says of a call that alone takes more that it never fits, as the call itself is told', async () => {
    const rule = Object(
      await admin.broker.json([
        ...['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'paid__*', '--sum', 'args.amount<=500/day'],
      ]),
    );
    const tested = async (args: string) =>
      (await admin.broker.run(['rule', 'test', 'ada', 'paid__x', '--args', args], '')).stdout;
    assert.match(
      await tested('{"amount":500}'),
      /^allow .*within its limits: args\.amount at most 500 a day per person\n/,
    );
    assert.match(
      await tested('{"amount":501}'),
      /^deny .*has a limit, args\.amount at most 500 a day per person, and this call alone takes more than that\n/,
    );
    assert.match(await tested('{"amount":-1}'), /^deny .*what its limit adds up is less than nothing\n/);
    await admin.broker.json(['rule', 'remove', String(rule['id'])]);
  });

  test('may have a condition over the arguments, and one that is wrong is refused with the place', async () => {
    const rule = Object(
      await admin.broker.json([
        ...['rule', 'add', '--allow', '--who', 'user:ada', '--what', 'paid__*', '--when', 'args.amount <= 500'],
      ]),
    );
    assert.equal(rule['when'], 'args.amount <= 500');
    const tested = async (args: string): Promise<Record<string, unknown>> => {
      const { stdout } = await admin.broker.run(['rule', 'test', 'ada', 'paid__x', '--args', args, '--json'], '');
      return Object(JSON.parse(stdout)) as Record<string, unknown>;
    };
    assert.equal((await tested('{"amount":500}'))['decision'], 'allow');
    assert.equal((await tested('{"amount":501}'))['decision'], 'deny');
    const { decision, rule: by, reason } = await tested('{}');
    assert.deepEqual([decision, by], ['deny', rule['id']]);
    assert.equal(reason, `rule ${String(rule['id'])} cannot be evaluated on this call: no such key at amount`);
    const { stdout: without } = await admin.broker.run(['rule', 'test', 'ada', 'paid__x'], '');
    assert.match(without, /no such key at amount; no arguments were given: give --args, as --args '\{"amount":…\}'\n/);
    await admin.broker.json(['rule', 'edit', String(rule['id']), '--when', 'args.amount == 9007199254740993']);
    for (const [args, decision] of [
      ['{"amount":9007199254740993}', 'allow'],
      ['{"amount":9007199254740992}', 'deny'],
      ['{"amount":9007199254740993,"__proto__":{}}', 'deny'],
    ] as const)
      assert.equal((await tested(args))['decision'], decision, `${args}: as a call is judged`);
    const twice = await admin.failure(['rule', 'test', 'ada', 'paid__x', '--args', '{"amount":1,"\\u0061mount":2}']);
    assert.deepEqual([twice.code, /--args: "amount" stands twice/.test(twice.stderr)], [2, true]);
    await admin.broker.json(['rule', 'remove', String(rule['id'])]);
    const wrong = await admin.broker.run(
      ['rule', 'add', '--deny', '--who', '*', '--what', 'x', '--when', 'usr.name == "ada"'],
      '',
    );
    assert.equal(wrong.code, 2);
    assert.match(
      wrong.stderr,
      /Unknown variable: usr; there are args, user, tool, time, client; did you mean user\?\n\S+ {3}usr\.name == "ada"\n\S+ {3}\^/,
    );
  });

  test('may have limits, which read as sentences; `rule test` says on what its yes depends', async () => {
    const { stdout } = await admin.broker.run(
      [
        ...['rule', 'add', '--allow', '--who', '*', '--what', 'metered__*', '--limit', '10/minute', '100/day', '5/15m'],
        ...['--sum', 'args.amount * 1.5 <= 500.5 / day', '--per', 'group'],
      ],
      '',
    );
    const [, id = '', told] = /^added (\S+): (.*)\n/.exec(stdout) ?? [];
    assert.equal(
      told,
      'allow everybody to call metered__*, at most 10 a minute per group, at most 100 a day per group, at most 5 in 15 minutes per group, args.amount * 1.5 at most 500.5 a day per group',
    );
    const [row] = (await admin.rows('rule', 'list')).filter((each) => each['id'] === id);
    assert.deepEqual(Object(row?.['limits'])[3], {
      ...{ most: 500.5, within_ms: 86_400_000, per: 'group', sum: 'args.amount * 1.5' },
    });
    const tested = await admin.broker.run(['rule', 'test', 'ada', 'metered__x', '--args', '{"amount":1}'], '');
    assert.match(
      tested.stdout,
      new RegExp(`^allow \\(${id}\\): rule ${id} allows it, within its limits: at most 10 a`),
    );
    const negative = await admin.broker.run(['rule', 'test', 'ada', 'metered__x', '--args', '{"amount":-1}'], '');
    assert.match(negative.stdout, /^deny .*: what its limit adds up is less than nothing/);
    await admin.broker.json(['rule', 'remove', id]);
  });

  test('that make no sense are refused', async () => {
    for (const extra of [
      ...[
        ['--limit', '10'],
        ['--limit', '0/day'],
        ['--limit', '1.5/day'],
        ['--limit', '10/fortnight'],
        ['--limit', '-1/day'],
      ],
      ...[
        ['--limit', '1/0s'],
        ['--limit', '1/10ms'],
        ['--limit', '1/1000d'],
        ['--per', 'rule'],
        ['--limit', '1/day', '--per', 'team'],
      ],
      ...[
        ['--sum', 'args.amount'],
        ['--sum', 'args.amount<=0/day'],
        ['--sum', '1 +<=5/day'],
        ['--sum', '"a"<=5/day'],
      ],
      ...[
        ['--until', '2027-02-30'],
        ['--until', '2027-04-31T08:00:00Z'],
      ],
    ])
      assert.equal(
        (await admin.failure(['rule', 'add', '--allow', '--who', '*', '--what', 'x', ...extra])).code,
        2,
        extra.join(' '),
      );
    assert.equal(
      (await admin.failure(['rule', 'add', '--deny', '--who', '*', '--what', 'x', '--limit', '1/day'])).code,
      2,
    );
    assert.equal((await admin.failure(['rule', 'add', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await admin.failure(['rule', 'add', '--allow', '--deny', '--who', '*', '--what', '*'])).code, 2);
    assert.equal((await admin.failure(['rule', 'add', '--allow', '--who', 'ada', '--what', '*'])).code, 2);
    for (const extra of [
      ['--until', '2020-01-01'],
      ['--until', 'soon'],
      ['--except', 'net:10.0.0.0/33'],
      ['--except', 'net:10.0.0'],
      ['--except', 'grace'],
    ])
      assert.equal(
        (await admin.failure(['rule', 'add', '--deny', '--who', '*', '--what', 'x', ...extra])).code,
        2,
        extra.join(),
      );
    assert.equal((await admin.failure(['rule', 'remove', 'r_absent'])).code, 1);
    assert.equal((await admin.failure(['rule', 'test', 'user:nobody', 'a__b'])).code, 1);
  });

  test('enforcement is shown and changed', async () => {
    assert.deepEqual(await admin.broker.json(['enforcement']), { enforcement: 'enforce', managed_by: null });
    assert.deepEqual(await admin.broker.json(['enforcement', 'observe']), { enforcement: 'observe', managed_by: null });
    assert.equal(
      Object(await admin.broker.json(['rule', 'test', 'user:grace', 'memory__x']))['decision'],
      'would_deny',
    );
    await admin.broker.json(['enforcement', 'enforce']);
    assert.equal((await admin.failure(['enforcement', 'maybe'])).code, 2);
  });
});

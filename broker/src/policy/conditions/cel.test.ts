import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileExpression, isMistaken, type Scope } from './cel.ts';

const SCOPE: Scope = {
  args: {},
  user: { name: 'ada', role: 'member', groups: ['eng'] },
  tool: { name: 'pay', server: 'bank', class: 'write' },
  time: new Date('2026-12-01T09:30:00Z'),
  client: { name: 'cursor', version: '1', address: '192.0.2.1', device: 'mac' },
};

function evaluated(text: string, args: unknown = {}, length = JSON.stringify(args).length) {
  const expression = compileExpression(text, 'bool');
  assert.ok(!isMistaken(expression), JSON.stringify(expression));
  return expression.evaluate({ ...SCOPE, args }, length);
}
const valueOf = (text: string, args?: unknown) => {
  const result = evaluated(text, args);
  return 'value' in result ? result.value : result.mistake;
};
const mistakeIn = (text: string, result: 'bool' | 'number' = 'bool') => {
  const expression = compileExpression(text, result);
  assert.ok(isMistaken(expression), text);
  return expression;
};

describe('a condition', () => {
  it('compares numbers of JSON with whole numbers and with others, and reckons with both', () => {
    for (const amount of [500, 499.99, 0, -1]) {
      assert.equal(valueOf('args.amount <= 500', { amount }), true);
      assert.equal(valueOf('args.amount <= 500.0', { amount }), true);
    }
    assert.equal(valueOf('args.amount <= 500', { amount: 500.01 }), false);
    assert.equal(valueOf('args.amount + 1 == 501 && 2 * args.amount == 1000', { amount: 500 }), true);
    assert.equal(valueOf('args.amount in [1, 500]', { amount: 500 }), true);
  });

  it('reaches arguments by any name', () => {
    const args = { 'a.b': 1, ü: { 'x y': [2] } };
    assert.equal(valueOf('args["a.b"] == 1 && args["ü"]["x y"][0] == 2', args), true);
    assert.equal(valueOf('args.amount == 4', { constructor: 4, amount: 4 }), 'unsupported type', 'it is denied');
    for (const name of ['constructor', '__proto__', 'toString'])
      assert.equal(valueOf(`args.${name} == 1`), `no such key at ${name}`);
  });

  it('reads the person, the tool, the time and the client', () => {
    for (const text of [
      '"eng" in user.groups && user.name == "ada" && user.role == "member"',
      'tool.name == "pay" && tool.server == "bank" && tool.class == "write"',
      'time.getHours() >= 9 && time.getHours("Europe/Berlin") == 10 && time < timestamp("2026-12-24T00:00:00Z")',
      'client.name == "cursor" && client.device == "mac" && client.address.startsWith("192.0.2.")',
    ])
      assert.equal(valueOf(text), true, text);
  });

  it('knows whether an argument is there', () => {
    assert.equal(valueOf('has(args.force) && args.force', {}), false);
    assert.equal(valueOf('has(args.force) && args.force', { force: true }), true);
    assert.equal(valueOf('args.nope == 1', {}), 'no such key at nope');
  });

  it('that cannot be evaluated says what kind of mistake it is, and never what the arguments are', () => {
    const secret = 'hunter2';
    for (const text of [
      'args.a > 3',
      'int(args.a) == 1',
      'args.a.b == 1',
      'user.groups[9] == args.a',
      'args.a + 1 == 2',
      'timestamp(args.a) == time',
    ]) {
      const result = evaluated(text, { a: secret });
      assert.ok('mistake' in result, text);
      assert.ok(!result.mistake.includes(secret), result.mistake);
    }
  });

  it('is true of no argument that a server may read otherwise: one that only differs in case', () => {
    const mistake = 'the arguments have a member that a server may take for one it names';
    assert.equal(valueOf('has(args.force)', { Force: true }), mistake);
    assert.equal(valueOf('args.amount <= 500', { amount: 1, AMOUNT: 1000 }), mistake);
    assert.equal(valueOf('args.a.amount <= 500', { a: { amount: 1, 'amount\0': 2 } }), mistake);
    assert.equal(valueOf('args.amount <= 500', { amount: 1, Other: 1000, Role: 1 }), true);
  });

  it('is true of no arguments with a member __proto__, by which a server in JavaScript may have what the condition does not see', () => {
    const condition = 'has(args.mode) && args.mode == "rw"';
    for (const text of [
      '{"__proto__":{"mode":"rw"}}',
      '{"a":[{"b":{"__proto__":1}}]}',
      '{"constructor":{"prototype":{"mode":"rw"}}}',
      '{"__proto__[mode]":"rw"}',
      '{"a[__proto__][mode]":"rw"}',
      '{"a.constructor.prototype.mode":"rw"}',
    ])
      assert.match(String(valueOf(condition, JSON.parse(text))), /^the arguments have a member __proto__ \(or/, text);
    for (const text of [
      '{"a":{"constructor":"Ada","prototype":1}}',
      '{"a":{"constructor":{"name":"x"}}}',
      '{"proto":"__proto__"}',
    ])
      assert.equal(valueOf(condition, JSON.parse(text)), false, text);
    assert.equal(valueOf('user.name == "ada"', JSON.parse('{"__proto__":1}')), true, 'it reads no arguments');
  });

  it('is true of no argument that a web framework may take apart into one it names', () => {
    const mistake = 'the arguments have a member that a server may take for one it names';
    const condition = 'has(args.opts) && args.opts.path == "/a"';
    for (const args of [
      { 'opts[path]': '/b' },
      { 'opts[]': 1 },
      { 'opts.path': '/b' },
      { 'Opts[a][b]': 1 },
      { x: { 'path[]': 1 } },
    ])
      assert.equal(valueOf(condition, args), mistake, JSON.stringify(args));
    for (const args of [{ files: { 'path.ts': '' } }, { '[opts]': 1 }, { 'optsx[a]': 1 }, { 'other.path': 1 }])
      assert.equal(valueOf(condition, args), false, JSON.stringify(args));
    assert.equal(
      valueOf('args["opts.a"] == 1 && args.opts == 2', { 'opts.a': 1, opts: 2 }),
      true,
      'it is named itself',
    );
  });

  it('matches with RE2: no pattern takes longer than its text', () => {
    assert.equal(valueOf('args.s.matches("^a+b$")', { s: 'aab' }), true);
    const startedAt = performance.now();
    assert.equal(valueOf('args.s.matches("^(a+)+$")', { s: `${'a'.repeat(5_000)}b` }), false);
    assert.ok(performance.now() - startedAt < 2_000);
    assert.equal(valueOf('args.s.matches("x")', { s: 'y'.repeat(10_001) }), 'text too long at args.s.matches("x")');
    assert.match(mistakeIn('args.s.matches(args.p)').message, /pattern in quotes/);
    assert.match(mistakeIn('args.s.matches("(?=a)")').message, /none of RE2/);
    for (const pattern of [
      '(a?){1000}a{1000}',
      '((a{10}){10}){10}b{3}',
      '[^]a]{2,}(x[)]{500}){3}',
      '([a-z]?){200}'.repeat(9),
    ])
      assert.match(mistakeIn(`args.s.matches("${pattern}")`).message, /repeats too much/, pattern);
    for (const pattern of [
      '^([0-9]{1,3}[.]){3}[0-9]{1,3}$',
      '^[a-z0-9-]{1,63}([.][a-z]{2,63})+$',
      '^[A-F0-9]{8}(-[A-F0-9]{4}){3}$',
    ])
      assert.equal(valueOf(`args.s.matches("${pattern}")`, { s: '.' }), false, pattern);
    const slow = 'args.l.all(x, !args.t.matches("(a?){100}a{100}b"))';
    assert.match(String(valueOf(slow, { l: Array(2_000).fill(1), t: 'a'.repeat(5_000) })), /^too much to match/);
    assert.match(mistakeIn('matches(args.s, "a")').message, /TEXT.matches/);
  });

  it('is bounded in how often its loops may fail and go on, and counts the entry that is right before that', () => {
    const tooMany = 'too many mistakes in its loops';
    const l = Array(900).fill(1);
    for (const [inner, fails] of [
      ['args.l.all(y, y > "a")', 'no such overload at y > "a"'],
      ['args.l.exists(y, y > "a")', 'no such overload at y > "a"'],
      ['args.l.exists(y, args.gone == y)', 'no such key at gone'],
      ['args.l.map(y, y > "a").size() > 0', 'no such overload at y > "a"'],
      ['args.l.all(y, timestamp(string(y)) < time)', 'invalid timestamp at timestamp(string(y))'],
    ] as const)
      for (const outer of ['all', 'exists']) {
        const text = `args.l.${outer}(x, ${inner})`;
        assert.equal(valueOf(text, { l: [1, 1] }), fails, text);
        const many = valueOf(text, { l: l.slice(0, 400) });
        assert.equal(many, inner.includes('map') ? fails : tooMany, text);
      }
    assert.equal(valueOf('args.l.exists(x, args.l.exists(y, y.z == 1))', { l: [1, 1, { z: 1 }] }), true);
    assert.equal(valueOf('args.l.all(x, x == 1)', { l }), true, 'the next evaluation has as many again');
  });

  it('is bounded in what it may cost', () => {
    const loop = 'args.l.all(x, args.l.all(y, x == y))';
    assert.equal(valueOf(loop, { l: [1, 1] }), true);
    assert.equal(valueOf(loop, { l: Array(2_000).fill(1) }), 'the arguments are too long for it');
    assert.equal(valueOf('args.l.all(x, x == 1)', { l: Array(8_000).fill(1) }), true);
    assert.equal(valueOf('args.l.all(x, x == 1)', { l: Array(9_000).fill(1) }), 'the arguments are too long for it');
    assert.match(mistakeIn('args.l.all(x, args.l.all(y, args.l.all(z, x == z)))').message, /nested 3 deep/);
    assert.match(mistakeIn(`${'('.repeat(200)}true${')'.repeat(200)}`).message, /depth/i);
    assert.match(mistakeIn(`true${' || true'.repeat(600)}`).message, /\S/);
    assert.match(mistakeIn('x'.repeat(3_000)).message, /2000 characters/);
    const search = 'args.l.all(x, x in args.m)';
    assert.equal(valueOf(search, { l: Array(900).fill(1), m: [1] }), true);
    assert.equal(
      valueOf(search, { l: Array(4_000).fill(1), m: Array(4_000).fill(1) }),
      'the arguments are too long for it',
    );
    assert.equal(valueOf('args.l.all(x, x in user.groups)', { l: Array(2_000).fill('eng') }), true);
    assert.match(mistakeIn('args.l.all(x, args.l.all(y, y in args.m))').message, /nested 3 deep/);
    const joined = (times: number) => `(${Array(times).fill('args.l').join(' + ')}).size() > 0`;
    assert.equal(valueOf(joined(2), { l: Array(9_000).fill(1) }), true);
    assert.equal(valueOf(joined(40), { l: Array(9_000).fill(1) }), 'the arguments are too long for it');
    assert.match(mistakeIn('args.l.all(x, args.l.all(y, (y + x + x).size() > 0))').message, /nested 3 deep/);
    // Nobody waits for many loops side by side either: the more they do together, the shorter the arguments.
    const beside = (times: number) => Array(times).fill('args.l.all(x, args.l.all(y, y > 0))').join(' && ');
    assert.equal(valueOf(beside(1), { l: Array(1_000).fill(1) }), true);
    assert.equal(valueOf(beside(8), { l: Array(1_000).fill(1) }), 'the arguments are too long for it');
    assert.equal(valueOf(beside(8), { l: Array(300).fill(1) }), true);
    const refused = mistakeIn(beside(32));
    assert.match(refused.message, /do too much together/);
    assert.equal(beside(32).slice(refused.at).split(' && ').length, 1, 'the last loop is marked');
    const text = { l: Array(4_000).fill(1), s: 'a'.repeat(7_000) };
    assert.equal(valueOf('args.l.all(x, !args.s.contains("ab"))', text), 'the arguments are too long for it');
    assert.equal(valueOf('args.l.all(x, !x.contains("ab"))', { l: Array(3_000).fill('a') }), true);
    const path = { owner: 'a', repo: 'b', content: 'x'.repeat(200_000) };
    assert.equal(
      valueOf('args.owner + "/" + args.repo == "a/b"', path),
      true,
      'texts that are put together are no lists',
    );
    const long = `[${Array(110).fill(1).join()}]`;
    const constant = ['a', 'b', 'c', 'd'].reduceRight((inner, name) => `${long}.all(${name}, ${inner})`, 'true');
    assert.match(mistakeIn(constant).message, /nested 4 deep/, 'it is not carried out to see whether it fails');
    const double = 'cel.bind(a, [1, 2], cel.bind(b, a + a, cel.bind(c, b + b, c.size() > 0)))';
    assert.deepEqual(mistakeIn(double), { message: 'nothing of cel. is offered; write what it stands for', at: 0 });
    const deep = JSON.parse(`${'['.repeat(60_000)}1${']'.repeat(60_000)}`) as unknown;
    assert.deepEqual(evaluated('args.a == 1', { a: 1, deep }, 120_000), { value: true });
    assert.deepEqual(evaluated('args.a == 1', {}, Infinity), {
      ...{ mistake: 'the arguments are too long for it', named: [] },
    });
    assert.deepEqual(evaluated('user.name == "ada"', {}, Infinity), { value: true });
  });

  it('that is wrong is refused with the place', () => {
    for (const [text, at, message] of [
      ['args.amount <=', 14, /^it ends too early; something is missing at its end$/],
      ['usr.name == "ada"', 0, /Unknown variable: usr; there are args, user, tool, time, client/],
      ['user.nam == "ada"', 5, /No such key: nam/],
      ['user.name', 0, /it is string, and not true or false/],
      ['true && (1 + "a" == 2)', 9, /no such overload/],
    ] as const) {
      const mistake = mistakeIn(text);
      assert.match(mistake.message, message);
      assert.equal(mistake.at, at, text);
    }
    assert.match(mistakeIn('"a"', 'number').message, /it is string, and not a number/);
  });

  it('in the words of another language, or with a word misspelled, is refused with what to write', () => {
    for (const [text, advice] of [
      ['args.a = 3', 'equal is =='],
      ['args.a === 3', 'write == or !='],
      ['args.a <> 3', 'not equal is !='],
      ['args.s =~ "x"', 'a pattern is TEXT.matches("PATTERN")'],
      ['args.a == 3 & args.b == 4', 'and is &&'],
      ['args.a < 3 and args.b < 3', 'write && in place of and'],
      ['args.a < 3 OR true', 'write || in place of OR'],
      ['not args.b', 'write ! in place of not'],
      ['args.a == None', 'did you mean null?'],
      ['(args.a == 3', 'write ) at its end'],
      ['args.a == 3)', 'nothing is opened that this ) closes: leave it out'],
      ['args.a == "abc', 'write " at its end'],
      ["args.a == 'abc", "write ' at its end"],
      ['args.s == ‘x’', 'write straight quotes, " or \''],
      ['args.größe < 3', 'write ["größe"] in place of .größe'],
      ['args.my-name == "x"', 'did you mean args["my-name"]?'],
      ['amount <= 5', 'did you mean args.amount?'],
      ['usr.name == "ada"', 'did you mean user?'],
      ['user.nme == "ada"', 'user has name, role, groups; did you mean name?'],
      ['user.groups == "eng"', 'whether it is in a list is asked so: "eng" in user.groups'],
      ['user == "ada"', 'write user.name or user.role or user.groups'],
      ['args.s.includes("x")', 'did you mean contains?'],
      ['args.s.startswith("x")', 'did you mean startsWith?'],
      ['has(args)', 'it asks for one member, as has(args.amount)'],
      ['time > "17:00"', 'ask for a part of it, as time.getHours("Europe/Berlin")'],
    ] as const) {
      const { message } = mistakeIn(text);
      assert.ok(message.endsWith(`; ${advice}`), `${text}: ${message}`);
    }
  });

  it('about a time zone that there is not, or a member of the time, is refused, as it would deny every call', () => {
    assert.deepEqual(mistakeIn('time.getHours("Europe/Berln") > 9'), {
      message: 'there is no time zone Europe/Berln; did you mean Europe/Berlin?',
      at: 14,
    });
    assert.match(mistakeIn('time.getDayOfWeek("nowhere at all") == 5').message, /write one as Europe\/Berlin$/);
    assert.match(mistakeIn('time.hour > 3').message, /^time has no members; ask for a part of it/);
    assert.equal(valueOf('time.getHours("+02:00") == 11'), true);
  });

  it('of which a part fails on every call is refused, as it would deny every call', () => {
    for (const [text, message, at] of [
      ['time < timestamp("2026-02-30T00:00:00Z")', 'invalid timestamp; write it in full with its zone, as', 7],
      ['duration("an hour") > duration("1h")', 'invalid duration; write it as duration("1h30m")', 0],
      ['args.a == 1 && (1 + args.b) * 2 > (2 / (3 - 3))', 'division by zero', 35],
      ['args.a == int("five")', 'int conversion error', 10],
      ['[1, 2][2] == args.a', 'index out of bounds', 0],
    ] as const) {
      const mistake = mistakeIn(text);
      assert.ok(mistake.message.startsWith(`this fails on every call: ${message}`), `${text}: ${mistake.message}`);
      assert.equal(mistake.at, at, text);
    }
    for (const text of ['("a" + "b").size() == 2', 'true || 1 / 0 == 1', '[1, 2].all(x, x > 0)', '1.0 / 0.0 > 1.0'])
      assert.equal(valueOf(text), true, text);
  });

  it('reads times in full alone, and the clocks of zones, wherever the broker runs', (t) => {
    const { TZ } = process.env;
    t.after(() => (TZ === undefined ? delete process.env['TZ'] : (process.env['TZ'] = TZ)));
    for (const zone of ['Europe/Berlin', 'America/New_York', 'UTC']) {
      process.env['TZ'] = zone;
      for (const when of [
        ...['March 7, 2026 10:00:00', '2026-02-30T00:00:00Z', '2026-04-31T00:00:00+02:00', '2026-02-28T24:00:00Z'],
        ...['2026-03-07 10:00:00 GMT', '2026-03-07T10:00:00.000', '10000-01-01T00:00:00Z', '0000-12-31T23:59:59Z'],
      ])
        assert.equal(
          valueOf('timestamp(args.when) < time', { when }),
          'invalid timestamp at timestamp(args.when)',
          when,
        );
      for (const text of [
        'timestamp("2026-07-01T12:00:00Z").getDayOfYear() == 181 && timestamp("2026-01-01T00:00:00Z").getDayOfYear() == 0',
        // Its wall clock shows what clocks in Berlin never do.
        'timestamp("2026-03-29T06:30:00Z").getHours("America/New_York") == 2',
        'timestamp("2026-12-31T23:30:00Z").getFullYear("Europe/Berlin") == 2027',
        'timestamp("2026-12-31T23:30:00.123456789Z").getDayOfYear("Europe/Berlin") == 0',
        'timestamp("2026-11-30T15:30:00.5Z").getMonth("Asia/Tokyo") == 11',
        'timestamp("2026-11-30T15:30:00Z").getDayOfMonth("+09:30") == 0 && timestamp(0).getDayOfWeek("UTC") == 4',
        'time.getMilliseconds("Asia/Tokyo") == 0 && time.getMinutes("Asia/Kolkata") == 0 && time.getSeconds("UTC") == 0',
        '(timestamp("2026-12-02T00:00:00Z") - timestamp("2026-12-01T00:00:00Z")).getHours() == 24',
      ])
        assert.equal(valueOf(text), true, `${text} in ${zone}`);
    }
    assert.equal(
      valueOf('time.getHours(args.zone) == 9', { zone: 'nowhere' }),
      'no such time zone at time.getHours(args.zone)',
    );
  });

  it('names the place of a mistake and the arguments there, also behind what is carried out otherwise', () => {
    const text =
      'args.id.matches("a") && time > timestamp("2026-01-01T00:00:00Z") && args.amount == 1 && args.to == "x"';
    assert.deepEqual(evaluated(text, { id: 'a', amount: 1 }), { mistake: 'no such key at to', named: ['to'] });
  });

  it('calls nothing by the names under which it is carried out', () => {
    for (const text of ['args.a.Matches(args.b)', 'args.a.matchesRe2(args.b)', 'Timestamp(args.a) < time'])
      assert.match(mistakeIn(text).message, /^found no matching overload/);
  });

  it('says which arguments it names, and whether it needs a call', () => {
    const read = (text: string) => {
      const found = compileExpression(text, 'bool');
      assert.ok(!isMistaken(found));
      const named = found.named.map(({ path, isAskedFor }) => `${path.join(' > ')}${isAskedFor ? '?' : ''}`);
      return [found.readsCall, [...found.reads].sort(), named];
    };
    assert.deepEqual(read('args.amount <= 1 && args["a.b"].c == 1 && user.role == "x"'), [
      ...[true, ['args'], ['amount', 'a.b > c']],
    ]);
    assert.deepEqual(read('user.role == "args"'), [false, [], []], 'a text is no variable');
    assert.deepEqual(read('time.getHours() < 3'), [true, ['time'], []]);
    assert.deepEqual(read('has(args.a.b) && "ü.x" in args && args.list[0].x.startsWith(args["y"])'), [
      ...[true, ['args'], ['a > b?', 'ü.x?', 'list', 'y']],
    ]);
    assert.deepEqual(read('client.name == "x" && client["device"].size() > 1'), [
      ...[false, ['client.device', 'client.name'], []],
    ]);
    assert.deepEqual(read('[client].exists(c, c.name == "x")')[1], ['client']);
  });

  it('finds where arguments are of another type than they are used as, and nothing where they may fit', () => {
    const types = new Map([
      ...([
        ['n', 'number'],
        ['s', 'string'],
        ['b', 'bool'],
        ['l', 'strings'],
        ['x.y', 'number'],
        ['any', 'any'],
      ] as const),
    ]);
    const found = (text: string) => {
      const expression = compileExpression(text, 'bool');
      assert.ok(!isMistaken(expression), JSON.stringify(expression));
      return expression.typeMistake(types)?.message;
    };
    for (const text of [
      ...[
        'args.n == "5"',
        'args.s > 5',
        'args.b == "true"',
        '5 in args.l',
        'args.n.startsWith("a")',
        'args["x.y"] == "1"',
      ],
      ...['args.any > 1 && args.n in ["a"]', 'args.l.exists(e, e == 5)'],
    ])
      assert.match(found(text) ?? '', /overload/, text);
    for (const text of [
      ...[
        'args.n == 5',
        'args.n in [1, 2]',
        'args.n * 2 <= 1.5',
        'int(args.n) % 2 == 0',
        'args.s.size() > 2',
        'args.b',
      ],
      ...[
        'args.n == null || args.s != null',
        '"a" in args.l',
        '"n" in args',
        'args.any.deep == "x"',
        'args["x.y"] > 1',
      ],
      ...['args[args.s] == 1', 'has(args.n) && args.n > 1', 'args.l.size() < 4 && args.l[0] == "a"'],
    ])
      assert.equal(found(text), undefined, text);
  });

  it('runs no pattern as one of JavaScript: where the call is not found in the text, it is refused', () => {
    assert.match(mistakeIn('args.s.matches(// matches\n"(a+)+$")').message, /in one piece/);
    assert.equal(valueOf('args.s . matches ( "^a+$" )', { s: 'aa' }), true);
  });
});

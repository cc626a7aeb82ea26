// What is judged is what is forwarded: before a server whose decoder is as lax as some are, nothing but what the rules allowed is carried
// out, and the record says what that was.
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Isolation } from 'mcpgate-shared/api/servers';
import { foldingServer } from '../../upstreams/fixtures/pool.ts';
import { ada, bob, startWorld, type Message, type TestClient } from '../fixtures/gateway-world.ts';
import { modernMeta } from '../fixtures/modern-client.ts';

async function startFolding(t: TestContext, isolation: Isolation = 'shared') {
  const world = await startWorld({ svc: { transport: foldingServer(), isolation } });
  t.after(() => world.end());
  await world.rule('allow', '*', '*');
  await world.rule('deny', '*', 'svc__denied');
  await world.rule('deny', '*', 'prompt:svc__denied');
  const carriedOut = async (homeName = 'shared') => {
    const texts = await world.receivedTexts('svc', homeName).catch(() => []);
    const lines = texts.map((line) => JSON.parse(line) as Carried);
    return lines.flatMap(({ carried, out }) => (carried === undefined ? [] : [`${carried} ${out ?? ''}`.trim()]));
  };
  return { ...world, carriedOut };
}

interface Carried {
  carried?: string;
  out?: string | null;
}

let lastId = 100;
/** Sends the params as they are written; the answer to them. */
async function ask(client: TestClient, method: string, paramsText: string): Promise<Message> {
  const id = ++lastId;
  client.raw(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${paramsText}}`);
  return await client.next((message) => message.id === id);
}

const META = JSON.stringify(modernMeta());
const bothGenerations = (paramsText: string) => [paramsText, `${paramsText.slice(0, -1)},"_meta":${META}}`];

/** Spellings that some decoder takes for the member `name`. */
const spellings = (name: string): string[] => {
  const [first, rest] = [name.charAt(0), name.slice(1)];
  const wide = String.fromCodePoint((first.codePointAt(0) ?? 0) + 0xfee0);
  return [
    first.toUpperCase() + rest,
    name.toUpperCase(),
    `${name}\\u0000`,
    `${name}\\u0000x`.slice(0, -1),
    ` ${name}`,
    `${name}\\t`,
    `${name}\u200b`,
    `\ufeff${name}`,
    `${name}\u00ad`,
    `${wide}${rest}`,
    `${name}\u2003`,
  ];
};

describe('a member that some reader takes for one that is judged', () => {
  it('is refused in tools/call, of both generations, and the server carries nothing out', async (t) => {
    const world = await startFolding(t);
    const client = world.connect();
    for (const name of [...spellings('name'), 'NA\u004dE', 'n\\u0041me', 'nam\u0065\u0301']) {
      for (const params of bothGenerations(`{"name":"svc__allowed","arguments":{},"${name}":"denied"}`)) {
        const answer = await ask(client, 'tools/call', params);
        assert.equal(answer.error?.code, -32602, params);
        assert.match(answer.error?.message ?? '', /may be taken for another member/);
      }
    }
    for (const key of [
      'Arguments',
      'ARGUMENTS',
      'argument\u017f',
      'Ta\u017fk',
      'tas\u212a',
      'RequestState',
      '_Meta',
      '_meta\\u0000',
    ]) {
      const answer = await ask(client, 'tools/call', `{"name":"svc__allowed","arguments":{},"${key}":{}}`);
      assert.equal(answer.error?.code, -32602, key);
    }
    assert.deepEqual(await client.toolNames(), ['svc__allowed', 'svc__make_task']);
    assert.deepEqual(await world.carriedOut(), []);
  });

  it('is refused wherever something is named: prompts, resources, completions, tasks, call_tool', async (t) => {
    const world = await startFolding(t);
    const client = world.connect();
    const uri = 'svc+file:///pub/a';
    const cases: [method: string, params: string][] = [
      ...spellings('name').map((key): [string, string] => ['prompts/get', `{"name":"svc__allowed","${key}":"denied"}`]),
      ...spellings('uri').map((key): [string, string] => [
        'resources/read',
        `{"uri":"${uri}","${key}":"file:///secret/key"}`,
      ]),
      ['resources/subscribe', `{"uri":"${uri}","URI":"file:///secret/key"}`],
      ['resources/unsubscribe', `{"uri":"${uri}","Uri":"file:///secret/key"}`],
      ...spellings('name').map((key): [string, string] => [
        'completion/complete',
        `{"ref":{"type":"ref/prompt","name":"svc__allowed","${key}":"denied"},"argument":{"name":"a","value":""}}`,
      ]),
      [
        'completion/complete',
        `{"ref":{"type":"ref/prompt","name":"svc__allowed"},"Ref":{"type":"ref/prompt","name":"denied"},"argument":{"name":"a","value":""}}`,
      ],
      ['tasks/get', '{"taskId":"svc+t1","TaskId":"t2"}'],
      ['tasks/cancel', '{"taskId":"svc+t1","taskid":"t2"}'],
    ];
    for (const [method, params] of cases) {
      const answer = await ask(client, method, params);
      assert.equal(answer.error?.code, -32602, `${method} ${params}`);
      assert.match(answer.error?.message ?? '', /may be taken for another member/, params);
    }
    const searching = world.connect(ada, undefined, 'search');
    for (const key of spellings('name')) {
      const params = `{"name":"call_tool","arguments":{"name":"svc__allowed","${key}":"svc__denied","arguments":{}}}`;
      assert.equal((await ask(searching, 'tools/call', params)).error?.code, -32602, params);
    }
    assert.deepEqual(await client.toolNames(), ['svc__allowed', 'svc__make_task']);
    assert.deepEqual(await world.carriedOut(), []);
  });

  it('is refused in the message itself, and in what only the two ends of a connection say to each other', async (t) => {
    const world = await startFolding(t);
    const client = world.connect();
    for (const text of [
      '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call","params":{"name":"svc__denied"}}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","METHOD\\u0000":"tools/call"}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"svc__allowed"},"PARAMS":{"name":"denied"}}',
      '{"jsonrpc":"2.0","id":1,"ID":2,"method":"ping"}',
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
    ]) {
      client.raw(text);
      const answer = await client.next((message) => message.id === 1);
      assert.equal(answer.error?.code, -32600, text);
    }
    for (const key of ['ProgressToken', 'progressToken\\u0000', 'Io.modelcontextprotocol/protocolVersion']) {
      const answer = await ask(client, 'tools/call', `{"name":"svc__allowed","_meta":{"${key}":7}}`);
      assert.equal(answer.error?.code, -32602, key);
    }
  });
});

describe('the params of a call', () => {
  it('reach the server as the members that the method knows, `arguments` and `_meta` to the letter, and no other', async (t) => {
    const world = await startFolding(t);
    const client = world.connect();
    const args = '{"z":1.0,"Name":"inside","big":12345678901234567890,"1": "\\u00e9"}';
    const sent = `{"surplus":{"name":"denied"},"arguments":${args},"n\\u0061me":"svc__allowed","_meta":{"k":2.50, "progressToken":1},"names":["denied"]}`;
    assert.equal((await ask(client, 'tools/call', sent)).result?.['isError'], undefined);
    const line = (await world.receivedTexts('svc')).map((text) => JSON.parse(text) as { sent?: string });
    const call = line.find(({ sent: text }) => text?.includes('"tools/call"') === true)?.sent ?? '';
    assert.ok(call.includes(`"arguments":${args}`), call);
    assert.match(call, /"k":2\.50/);
    assert.match(call, /"name":"allowed"/);
    assert.doesNotMatch(call, /surplus|denied|"names"/);
    const [row] = await world.calls();
    assert.deepEqual([row?.tool_name, row?.status], ['svc__allowed', 'ok']);
    assert.deepEqual(await world.carriedOut(), ['tools/call allowed']);
  });

  it('name a tool or prompt exactly: nothing that only looks like its name is carried out, and the record says what was', async (t) => {
    const world = await startFolding(t);
    for (const [client, prefix] of [
      [world.connect(), 'svc__'],
      [world.connect(ada, 'svc'), ''],
    ] as const) {
      for (const name of [
        'denied\\u0000',
        ' denied',
        'denied ',
        'denied\\u0000x',
        '\uff44enied',
        'denied\u200b',
        '\\u0000',
        'denied\\n',
      ]) {
        for (const method of ['tools/call', 'prompts/get'])
          for (const params of bothGenerations(`{"name":"${prefix}${name}"}`))
            assert.equal((await ask(client, method, params)).error?.code, -32602, params);
        const ref = `{"ref":{"type":"ref/prompt","name":"${prefix}${name}"},"argument":{"name":"a","value":""}}`;
        assert.equal((await ask(client, 'completion/complete', ref)).error?.code, -32602, ref);
      }
    }
    assert.deepEqual(await world.carriedOut(), []);
    const rows = await world.calls();
    assert.ok(rows.length > 0 && rows.every(({ status }) => status === 'failed'));
  });

  it('of a completion name one thing: what else its reference holds does not reach the server', async (t) => {
    const world = await startFolding(t);
    const client = world.connect();
    const argument = '"argument":{"name":"a","value":""}';
    for (const type of ['REF/PROMPT', 'ref/prompt ', '', 'prompt'])
      assert.equal(
        (
          await ask(
            client,
            'completion/complete',
            `{"ref":{"type":"${type}","uri":"svc+file:///pub/a","name":"denied"},${argument}}`,
          )
        ).error?.code,
        -32602,
      );
    await ask(
      client,
      'completion/complete',
      `{"ref":{"type":"ref/resource","uri":"svc+file:///pub/a","name":"denied"},${argument}}`,
    );
    assert.deepEqual(await world.carriedOut(), ['completion/complete file:///pub/a']);
  });
});

describe('what is in no table of methods', () => {
  it('is refused as a request, whatever the rules allow, and has a row', async (t) => {
    const world = await startFolding(t);
    for (const client of [world.connect(), world.connect(ada, 'svc')]) {
      for (const method of [
        'Tools/Call',
        'tools/call ',
        'tools/call\\u0000',
        'tools//call',
        'custom/method',
        'tasks/update',
        'server/execute',
        '',
      ]) {
        const answer = await ask(client, method, '{"name":"denied","taskId":"t1"}');
        assert.equal(answer.error?.code, -32601, method);
      }
      for (const method of [
        'initialize',
        'ping',
        'logging/setLevel',
        'resources/subscribe',
        'tasks/list',
        'tasks/result',
        'mcpgate/session',
        'no/such',
      ]) {
        const answer = await ask(client, method, `{"uri":"svc+file:///pub/a","_meta":${META}}`);
        assert.equal(answer.error?.code, -32601, method);
      }
    }
    assert.deepEqual(await world.carriedOut(), []);
    assert.equal(world.gateway.refused.get('unknown_method'), 32);
    await world.gateway.closeAll('the test reads the log');
    const rows = await world.audit.searchEvents({ workspaceId: 'default', type: 'message.refused', limit: 100 });
    const methods = rows.map(({ data }) => data['method']);
    assert.ok(methods.includes('Tools/Call'), methods.join());
    const unwritten = rows.find(({ data }) => data['unwritten'] !== undefined);
    assert.equal(
      rows.length - 1 + Number(unwritten?.data['unwritten']),
      32,
      'what had no row of its own is in the number',
    );
    assert.deepEqual([rows[0]?.actor, unwritten?.data['reason']], ['user:ada', 'unknown_method']);
  });

  it('is dropped as a notification: a request without an id reaches no server, on a connection of the session’s own either', async (t) => {
    const world = await startFolding(t, 'per-session');
    for (const client of [world.connect(), world.connect(ada, 'svc')]) {
      await client.call('svc__allowed');
      await client.call('allowed');
      const notifications = [
        '"method":"tools/call","params":{"name":"denied"}',
        '"method":"tools/call","params":{"name":"allowed"}',
        '"method":"resources/read","params":{"uri":"file:///secret/key"}',
        '"method":"notifications/custom","params":{}',
        '"method":"notifications/Roots/list_changed"',
        '"method":"notifications/resources/updated","params":{"uri":"file:///pub/a"}',
        '"method":"notifications/message","params":{"level":"info","data":1}',
        '"method":"notifications/cancelled","params":{"requestId":{"a":1}}',
        '"method":"notifications/cancelled"',
        '"method":"notifications/progress","params":{"progressToken":"x"}',
        '"method":"notifications/progress","params":{"progressToken":"x","progress":1,"ProgressToken":2}',
        '"method":"notifications/tasks/status","params":{"taskId":"t1"}',
        '"method":"notifications/tasks/status","params":{"taskId":"t1","status":"working"}',
      ];
      for (const each of notifications) client.raw(`{"jsonrpc":"2.0",${each}}`);
      for (const id of ['null', 'true', '{}', '[1]'])
        client.raw(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"denied"}}`);
      client.raw(
        '{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"name":"denied","_meta":{"k":1}}}',
      );
      // What was let through before it has come.
      await client.call('svc__allowed');
      await client.call('allowed');
    }
    const heard: string[] = [];
    const sent: string[] = [];
    for (const homeName of await world.homeNames('svc')) {
      heard.push(...(await world.carriedOut(homeName)));
      sent.push(...(await world.receivedTexts('svc', homeName)));
    }
    assert.deepEqual(new Set(heard), new Set(['tools/call allowed', 'notifications/roots/list_changed']));
    assert.ok(
      sent.some(
        (line) => line.includes('roots/list_changed') && line.includes('\\"k\\":1') && !line.includes('denied'),
      ),
    );
    assert.equal(world.gateway.refused.get('dropped_notification'), 24);
  });
});

describe('a task of another person', () => {
  it('is nobody’s business by any method of either generation, and the server hears of none of it', async (t) => {
    const world = await startFolding(t);
    const owner = world.connect(ada);
    const made = await owner.request('tools/call', { name: 'svc__make_task', task: { ttl: 60_000 } });
    const { taskId = '' } = (made.result?.['task'] ?? {}) as { taskId?: string };
    const extensions = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
    const said = new Set<string>();
    for (const stranger of [world.connect(bob), world.connect(bob, 'svc')]) {
      for (const id of [taskId, 't1', 'svc+none', 'none']) {
        for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/update']) {
          for (const _meta of [undefined, modernMeta(extensions)]) {
            const answer = await stranger.request(method, { taskId: id, inputResponses: {}, _meta });
            assert.ok(answer.error?.code === -32602 || answer.error?.code === -32601, `${method} ${id}`);
            if (answer.error.code === -32602) said.add(answer.error.message.replace(JSON.stringify(id), 'ID'));
          }
        }
      }
      assert.deepEqual((await stranger.request('tasks/list')).result?.['tasks'], []);
    }
    assert.deepEqual(
      [...said],
      ['there is no task ID of yours'],
      'one that is there and one that is not are one answer',
    );
    assert.deepEqual(await world.carriedOut(), ['tools/call make_task']);
    assert.equal((await owner.request('tasks/get', { taskId })).result?.['taskId'], taskId);
  });
});

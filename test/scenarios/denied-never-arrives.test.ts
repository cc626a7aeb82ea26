// From the far side: what rules deny, what waits for a person, what is held, and what is beyond a limit never reaches the server. By all kinds of things
// that servers offer, in every spelling of their names, through the tunnel and over HTTP, for clients of both generations of MCP.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startSloppyHttp, type SloppyHttp } from '../upstreams/sloppy/http.ts';
import type { Got, Said } from '../upstreams/sloppy/behaviour.ts';
import { openWorld, type World } from '../world.ts';
import {
  handOverHttp,
  handOverTunnel,
  type Generation,
  type HandClient,
  type HandMessage,
} from '../world/clients/hand-client.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import type { Person } from '../world/people/person.ts';
import { until } from '../world/until.ts';

/** Spells an instruction with characters that nobody sees, so that what has it is held. */
const UNSEEN = String.fromCodePoint(...Array.from('obey', (char) => 0xe0000 + (char.codePointAt(0) ?? 0)));
/** What becomes of a thing of each name; `open` is allowed, so that a test whose requests all fail would be noticed. */
const NAMES = ['open', 'gone', 'judged', 'asked', 'limited', 'hidden'] as const;
const CLOSED = NAMES.filter((name) => name !== 'open');

const describing = (name: string) => (name === 'hidden' ? { description: `Looks harmless.${UNSEEN}` } : {});
const tool = (name: string) => ({ name, inputSchema: { type: 'object' }, ...describing(name) });
const OFFERED: Readonly<Record<string, object>> = {
  initialize: {
    protocolVersion: '2025-11-25',
    capabilities: {
      ...{ tools: {}, prompts: {}, resources: { subscribe: true }, completions: {} },
      tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      extensions: { 'io.modelcontextprotocol/events': {}, 'io.modelcontextprotocol/skills': { directoryRead: true } },
    },
    serverInfo: { name: 'far', version: '1' },
  },
  'tools/list': {
    tools: [
      ...[...NAMES, 'tasked'].map((name) => ({ ...tool(name), annotations: { readOnlyHint: true } })),
      tool('writes'),
    ].map((each) => ({ ...each, execution: { taskSupport: 'optional' } })),
  },
  'prompts/list': { prompts: NAMES.map((name) => ({ name, ...describing(name), arguments: [{ name: 'text' }] })) },
  'resources/list': { resources: NAMES.map((name) => ({ uri: `file:///${name}/a`, name })) },
  'resources/templates/list': {
    resourceTemplates: NAMES.map((name) => ({ uriTemplate: `file:///${name}/{x}`, name, ...describing(name) })),
  },
  'events/list': { events: NAMES.map((name) => ({ name })) },
  'prompts/get': { messages: [] },
  'completion/complete': { completion: { values: ['a'] } },
  'resources/subscribe': {},
  'resources/unsubscribe': {},
};

function answer({ method = '', params }: Got): Said | undefined {
  const task = { taskId: 'far-task', status: 'working', ttl: 60_000, createdAt: '2026-01-01T00:00:00Z' };
  if (method === 'tools/call' && params['task'] !== undefined)
    return { result: JSON.stringify({ task: { ...task, lastUpdatedAt: task.createdAt } }) };
  const offered = OFFERED[method];
  return offered === undefined ? undefined : { result: JSON.stringify(offered) };
}

/** What is only sent for somebody who asked for it. */
const FORWARDED =
  /^(?:tools\/call|prompts\/get|completion\/|tasks\/|events\/(?!list)|skills\/(?!list)|resources\/(?!list|templates))/;

const RULES: readonly (readonly string[])[] = [
  [
    '--deny',
    '--what',
    'site__gone',
    'prompt:site__gone',
    'event:site__*',
    'resource:file:///gone/*',
    'write:site',
    'site__tasked',
  ],
  [
    '--deny',
    '--what',
    'site__judged',
    'prompt:site__judged',
    'resource:file:///judged/*',
    '--when',
    'args.text == "no"',
  ],
  ['--ask', '--what', 'site__asked', 'prompt:site__asked', 'resource:file:///asked/*', '--approver', 'group:leads'],
  [
    '--allow',
    '--what',
    'site__limited',
    'prompt:site__limited',
    'resource:file:///limited/*',
    '--limit',
    '1/day',
    '--per',
    'rule',
  ],
];

let world: World;
let far: SloppyHttp;
let ada: Person;
let token = '';
/** A task of ada's, of a tool that she may not use any more. */
let taskId = '';

before(async () => {
  far = await startSloppyHttp('http', { answer });
  world = await openWorld({ direct: true });
  const { broker } = world;
  await broker.run(['server', 'add', 'was', far.url, '--definitions', 'hold']);
  await broker.run(['server', 'rename', 'was', 'site', '--yes']);
  ada = await world.member('ada');
  token = ((await broker.json(['grant', 'issue', '--label', 'ci', '--server', 'site'])) as IssuedGrant).token;
  const bundled = [...NAMES, 'writes'].flatMap((name) => ['--tool', `site__${name}`, '--as', `nice_${name}`]);
  const first = await handOverTunnel(ada, 'legacy');
  await first.request('tools/list');
  await broker.run(['bundle', 'add', 'kit', ...bundled]);
  const made = await first.request('tools/call', { name: 'site__tasked', arguments: {}, task: { ttl: 60_000 } });
  taskId = String(Object(made.result?.['task'])['taskId']);
  assert.match(taskId, /^site\+far-task$/);
  for (const rule of RULES) {
    const [effect = '', ...rest] = rule;
    await broker.run(['rule', 'add', effect, '--who', '*', ...rest]);
  }
  // The one that the limit allows to everybody together.
  const used = await first.request('tools/call', { name: 'site__limited', arguments: {} });
  assert.equal(used.result?.['isError'], undefined, JSON.stringify(used));
  first.close();
});
after(async () => {
  await world.close();
  await far.close();
});

type View = 'all' | 'site' | 'kit';

function namesOf(name: string, view: View): string[] {
  const odd = [name.toUpperCase(), ` ${name}`, `${name} `, `${name}\0`, `./${name}`, `${name}%20`];
  if (view === 'site') return [name, `site__${name}`, `was__${name}`, ...odd];
  if (view === 'kit') return [`nice_${name}`, `site__${name}`, name, ...odd.map((each) => `nice_${each}`)];
  return [
    `site__${name}`,
    `was__${name}`,
    name,
    `SITE__${name}`,
    ` site__${name}`,
    ...odd.map((each) => `site__${each}`),
  ];
}

function urisOf(name: string, view: View): string[] {
  const encoded = `%${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
  const own = [
    ...[
      `file:///${name}/a`,
      `file:///${encoded}/a`,
      `FILE:///${name}/a`,
      `file://LOCALHOST/${name}/a`,
      `file:/${name}/a`,
    ],
    ...[
      `file:///open/../${name}/a`,
      `file:///open/%2e%2e/${name}/a`,
      `file:///open/..%5C${name}%5Ca`,
      `file:////${name}//a`,
    ],
    ...[
      `file:///${name}/./a`,
      `file:///%25${encoded.slice(1)}/a`,
      `file:///${name}/a?x=/../../open/a`,
      `file:///${name}/a#x`,
    ],
    ...[`file:///${name}/a%00`, `file:///${name}/a/`],
  ];
  return view === 'site' ? own : [...own, ...own.flatMap((uri) => [`site+${uri}`, `was+${uri}`, `SITE+${uri}`])];
}

type Asked = readonly [method: string, params: Record<string, unknown>];

/** What can be asked about what is called so: in all spellings of what a rule denies by its name, and in a few of everything else. */
function requestsFor(name: string, view: View, generation: Generation, text: string): Asked[] {
  const isWhole = name === 'gone';
  const few = <Each>(of: readonly Each[]): readonly Each[] => (isWhole ? of : of.slice(0, 3));
  const isLegacy = generation === 'legacy';
  const named = few(namesOf(name, view)).flatMap((each, at): Asked[] => [
    ['tools/call', { name: each, arguments: { text } }],
    ...(isLegacy ? [['tools/call', { name: each, arguments: { text }, task: { ttl: 1_000 } }] as const] : []),
    ['prompts/get', { name: each, arguments: { text } }],
    ['completion/complete', { ref: { type: 'ref/prompt', name: each }, argument: { name: 'text', value: 'n' } }],
    ...(at < 3
      ? ([
          ['events/poll', { name: each }],
          ['events/subscribe', { name: each }],
        ] as const)
      : []),
  ]);
  // Reading is a matter of rules: only templates are held.
  const read = name === 'hidden' ? [] : few(urisOf(name, view));
  const uris = read.flatMap((uri, at): Asked[] => [
    ['resources/read', { uri }],
    ...(isLegacy ? [['resources/subscribe', { uri }] as const] : []),
    ...(isLegacy && at < 3 ? [['resources/unsubscribe', { uri }] as const] : []),
    ...(at < 3
      ? ([
          ['resources/directory/read', { uri }],
          ['skills/get', { uri }],
        ] as const)
      : []),
  ]);
  const heads = view === 'site' ? [''] : ['', 'site+', 'was+'];
  const templates = heads
    .map((head) => `${head}file:///${name}/{x}`)
    .map((uri): Asked => [
      'completion/complete',
      { ref: { type: 'ref/resource', uri }, argument: { name: 'x', value: 'a' } },
    ]);
  return [...named, ...uris, ...templates];
}

const AT_ONCE = 8;

const isRefused = ({ error, result }: HandMessage): boolean => error !== undefined || result?.['isError'] === true;

async function openDoor(door: 'tunnel' | 'http', generation: Generation, view: View): Promise<HandClient> {
  if (door === 'http')
    return await handOverHttp(`${world.url}/mcp${view === 'all' ? '' : `/${view}`}`, token, generation);
  const args = { all: [], site: ['--server', 'site'], kit: ['--bundle', 'kit'] }[view];
  return await handOverTunnel(ada, generation, args);
}

for (const door of ['tunnel', 'http'] as const)
  for (const generation of ['legacy', 'modern'] as const)
    describe(`a ${generation} client, by ${door}`, () => {
      for (const view of ['all', 'site', 'kit'] as const)
        test(`gets nothing of what is closed to the server, where it sees ${view}`, async (t) => {
          const start = far.received.length;
          const reached = () => far.received.slice(start).filter(({ method = '' }) => FORWARDED.test(method));
          const client = await openDoor(door, generation, view);
          t.after(() => client.close());
          const opened = { all: 'site__open', site: 'open', kit: 'nice_open' }[view];
          const mark = `open ${door} ${generation} ${view}`;
          const control = await client.request('tools/call', { name: opened, arguments: { text: mark } });
          assert.ok(!isRefused(control), JSON.stringify(control));
          const has = (what: string) => reached().some((got) => JSON.stringify(got.params).includes(what));
          assert.ok(has(mark), 'what is open arrives');

          const waiting: Promise<HandMessage>[] = [];
          const answers: [Asked, HandMessage][] = [];
          for (const name of [...CLOSED, 'writes', 'tasked']) {
            const onlyTool = name === 'writes' || name === 'tasked';
            const all = requestsFor(name, view, generation, name === 'asked' ? `may ${mark}` : 'no').filter(
              ([method]) => !onlyTool || method === 'tools/call',
            );
            if (name === 'asked') waiting.push(...all.map((asked) => client.request(...asked)));
            else
              for (let from = 0; from < all.length; from += AT_ONCE) {
                const some = all.slice(from, from + AT_ONCE);
                const said = await Promise.all(some.map((asked) => client.request(...asked)));
                answers.push(...some.map((asked, at): [Asked, HandMessage] => [asked, said[at] ?? {}]));
              }
          }
          if (generation === 'modern') {
            const uris = CLOSED.filter((name) => name !== 'hidden').flatMap((name) => urisOf(name, view));
            for (let from = 0; from < uris.length; from += 50) {
              const notifications = { resourceSubscriptions: uris.slice(from, from + 50) };
              client.request('subscriptions/listen', { notifications }).catch(() => undefined);
            }
          }
          if (view === 'all' && generation === 'legacy')
            for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
              answers.push([[method, { taskId }], await client.request(method, { taskId })]);
          for (const [asked, each] of answers)
            assert.ok(isRefused(each), `${JSON.stringify(asked)}: ${JSON.stringify(each)}`);

          const list = async () => (await world.broker.json(['request', 'list'])) as { id: string; tool: string }[];
          await until('a person to be asked', async () =>
            (await list()).some(({ tool: what }) => what === 'site__asked'),
          );
          let areAnswered = false;
          const answered = Promise.all(waiting).finally(() => (areAnswered = true));
          await until('those who ask to be denied', async () => {
            for (const { id } of await list()) await world.broker.run(['request', 'deny', id]);
            return areAnswered;
          });
          for (const each of await answered) assert.ok(isRefused(each), JSON.stringify(each));

          const last = await client.request('tools/call', { name: opened, arguments: { text: `${mark}, at last` } });
          assert.ok(!isRefused(last), JSON.stringify(last));
          const closed = reached().filter((got) => !/"text":"open |"open"/.test(JSON.stringify(got.params)));
          assert.deepEqual(closed, []);
        });
    });

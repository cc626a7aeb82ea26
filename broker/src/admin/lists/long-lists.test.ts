// Lists that may be long, asked for over the API on both engines: they are told page by page while they change, and a page costs the database no more
// than it has, whatever stands behind it.
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, suite, test } from 'node:test';
import { runSql, startPostgres, type TestPostgres } from 'mcpgate-test/postgres';
import { startApiWorld, type ApiWorld } from '../../http/api/fixtures/api-world.ts';
import { answeredRows } from '../../store/fixtures/answered-rows.ts';

const LATER = 4_000_000_000_000;
const sha256 = (text: string): string => hash('sha256', text, 'hex');
const ROOT = `(select id from users where name = 'root')`;
const upTo = (count: number): string =>
  `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count})`;
const DEVICES = `insert into devices (id, workspace_id, user_id, name, platform, address, created_at, last_seen_at, revoked_at)`;
const OBJECTS = `insert into oauth_objects (workspace_id, kind, id_hash, payload, grant_id, uid, expires_at)`;
const SESSIONS = `insert into web_sessions (token_hash, workspace_id, user_id, address, user_agent, created_at, expires_at)`;
const DEFINITIONS = `insert into definitions (workspace_id, server_id, kind, name, digest, text, flags_json, seen_at, withdrawn_at, accepted_at)`;

/** Some were made in one moment, every fifth has logged out, every seventh login has ended, and every eleventh device was revoked. */
const devices = (count: number, mark = 'd'): string[] => [
  `${DEVICES} ${upTo(count)} select '${mark}' || i, 'default', users.id, 'laptop ' || i, 'linux', '::1', 1000 + i / 4, 2000,
     case when i % 11 = 0 then 3000 end from n, users where users.name = 'root'`,
  `${OBJECTS} ${upTo(count)} select 'default', 'Grant', '${mark}-grant' || i, '{}', '${mark}' || i || '.x', '${mark}' || i,
     case when i % 7 = 0 then 5 else ${LATER} end from n where i % 5 <> 0`,
];
const clients = (count: number, mark = 'c'): string =>
  `${OBJECTS} values ${Array.from({ length: count }, (_, index) => {
    const grantId = `oauth-${mark}${index}`;
    const kept = {
      clientId: 'x',
      name: 'App',
      resource: 'https://x/',
      address: '::1',
      createdAt: 1_000,
      lastSeenAt: 1_000,
    };
    const [head, tail] = [`{"grantId":"${grantId}","userId":"`, `",${JSON.stringify(kept).slice(1)}`];
    return `('default', 'ClientLogin', '${sha256(grantId)}', '${head}' || ${ROOT} || '${tail}', null, ${ROOT}, ${index % 6 === 0 ? 5 : LATER})`;
  }).join()}`;
const browsers = (count: number, mark = 'b'): string =>
  `${SESSIONS} values ${Array.from({ length: count }, (_, index) => `('${sha256(mark + index)}', 'default', ${ROOT}, '::1', 'Firefox', ${1_000 + (index >> 2)}, ${LATER})`).join()}`;

const LISTED = /from "(?:devices|oauth_objects|web_sessions|definitions|secret_versions)"/;
/** A table as a whole, or sorting what is found; not the few texts of each name. */
const LOOKS_THROUGH = /^SCAN |TEMP B-TREE FOR ORDER BY/m;

for (const engine of ['sqlite', 'postgres'] as const)
  suite(`on ${engine}, a list that may be long`, () => {
    let postgres: TestPostgres | undefined;
    let databaseUrl: string | undefined;
    let world: ApiWorld;
    before(async () => {
      if (engine === 'postgres') {
        postgres = await startPostgres();
        databaseUrl = await postgres.createDatabase();
      }
      world = await startApiWorld(databaseUrl === undefined ? {} : { database_url: databaseUrl });
    });
    after(async () => {
      await world.close();
      await postgres?.stop();
    });

    async function run(...statements: string[]): Promise<void> {
      for (const statement of statements) {
        if (databaseUrl !== undefined) await runSql(databaseUrl, statement);
        else {
          const database = new DatabaseSync(join(world.dataDir, 'mcpgate.db'), { timeout: 5_000 });
          database.exec(statement);
          database.close();
        }
      }
    }
    /** How SQLite goes about a statement; empty on PostgreSQL, which decides by how much there is. */
    function planOf(statement: string): string {
      if (databaseUrl !== undefined || !LISTED.test(statement)) return '';
      const database = new DatabaseSync(join(world.dataDir, 'mcpgate.db'), { readOnly: true });
      const steps = database.prepare(`explain query plan ${statement}`).all();
      database.close();
      return steps.map(({ detail }) => String(detail)).join('\n');
    }
    const page = async (path: string) => {
      const { status, headers, body } = await world.admin.ask('GET', path);
      assert.equal(status, 200, JSON.stringify(body));
      const items = body as Record<string, unknown>[];
      return { items, next: headers.get('x-next-cursor') };
    };
    const keysOf = (items: readonly Record<string, unknown>[], key: string): string[] =>
      items.map((item) => String(item[key]));
    /** `meanwhile`: after each page but the last, with what it had. */
    async function walk(
      path: string,
      key: string,
      limit: number,
      meanwhile: (page: string[], number: number) => Promise<unknown> = () => Promise.resolve(),
    ): Promise<string[]> {
      const seen: string[] = [];
      for (let cursor = '', number = 1; ; number += 1) {
        const { items, next } = await page(`${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`);
        assert.ok(items.length === limit || next === null, `${path}: a page of ${items.length}`);
        seen.push(...keysOf(items, key));
        if (next === null) return seen;
        await meanwhile(keysOf(items, key), number);
        cursor = `&cursor=${next}`;
      }
    }
    const whole = async (path: string, key: string): Promise<string[]> => keysOf((await page(path)).items, key);

    test('a cursor that somebody has made up leads nowhere, and fails nowhere', async () => {
      for (const [path, name, place] of [
        ['/sessions', 'listSessions', { kind: 'device', at: 5, id: 'a\0' }],
        ['/devices', 'listDevices', { at: 5, id: '\0' }],
        ['/users', 'listUsers', 'a\0b'],
        ['/secrets', 'listSecrets', 'a\0b'],
        ['/users', 'listSecrets', 'a'],
      ] as const) {
        const cursor = Buffer.from(JSON.stringify([name, place])).toString('base64url');
        assert.equal((await world.admin.ask('GET', `${path}?cursor=${cursor}`)).status, 400, path);
      }
    });

    test('sessions are told each once, in their order, while logins end and are made; and by kind and person', async () => {
      await run(...devices(40), clients(25), browsers(25));
      const all = await page('/sessions');
      const ids = keysOf(all.items, 'id');
      const kinds = Map.groupBy(all.items, ({ kind }) => kind);
      assert.deepEqual([...kinds.keys()], ['device', 'oauth', 'web']);
      // Of forty devices; of 25 applications; and one browser more, in which this is asked.
      assert.deepEqual(
        [...kinds.values()].map(({ length }) => length),
        [25, 20, 26],
      );
      for (const limit of [7, 25]) assert.deepEqual(await walk('/sessions', 'id', limit), ids);
      for (const kind of ['device', 'oauth', 'web'])
        assert.deepEqual(await walk(`/sessions?kind=${kind}`, 'id', 3), keysOf(kinds.get(kind) ?? [], 'id'), kind);
      assert.deepEqual(await walk('/sessions?user=root&connected=false', 'id', 9), ids);
      assert.deepEqual(await whole('/sessions?connected=true', 'id'), []);
      assert.deepEqual(await walk('/sessions?q=laptop', 'id', 4), keysOf(kinds.get('device') ?? [], 'id'));
      await world.newPerson('mia', 'member');
      assert.deepEqual(keysOf((await page('/sessions?user=mia')).items, 'kind'), ['web']);
      assert.equal((await world.admin.ask('GET', '/sessions?user=nobody')).status, 404);

      const own = String((await page('/sessions?user=root&kind=web')).items[0]?.['id']);
      const gone = new Set<string>();
      const end = async (id: string | undefined): Promise<void> => {
        if (id === undefined || id === own || gone.has(id)) return;
        gone.add(id);
        await world.admin.change('POST', `/sessions/${id}/end`);
      };
      const before = await whole('/sessions', 'id');
      const seen = await walk('/sessions', 'id', 5, async (told, number) => {
        await end(told.at(-1)); // the very one that the cursor names
        await end(before[before.indexOf(told.at(-1) ?? '') + 2]);
        if (number % 4 === 1)
          await run(...devices(2, `new${number}-`), browsers(2, `new${number}-`), clients(2, `new${number}-`));
      });
      assert.equal(new Set(seen).size, seen.length, 'none twice');
      const stayed = before.filter((id) => !gone.has(id));
      assert.deepEqual(
        seen.filter((id) => stayed.includes(id)),
        stayed,
      );
    });

    test('versions of a secret are told each once, with those that were thrown away in their places', async () => {
      const { admin } = world;
      await admin.change('PUT', '/secrets/tok', { value: 'value 1' });
      const transport = { kind: 'http', url: 'http://127.0.0.1:9/', headers: { Authorization: '${secret:tok}' } };
      await admin.change('POST', '/servers', { name: 'far', transport });
      for (let count = 0; count < 24; count += 1) {
        if (count % 3 === 0) await admin.change('PUT', '/secrets/tok', { value: `value ${count}` });
        // Nobody is there to take it, so it is thrown away.
        else await admin.change('POST', '/secrets/tok/rotate', { value: `new value ${count}` });
      }
      const path = '/secrets/tok/versions';
      const all = (await page(path)).items;
      const versions = keysOf(all, 'version');
      assert.deepEqual(
        versions.map(Number),
        Array.from({ length: 25 }, (_, index) => 25 - index),
      );
      const states = Map.groupBy(all, ({ state }) => String(state));
      assert.deepEqual(
        [...states].map(([state, { length }]) => [state, length]),
        [
          ['discarded', 16],
          ['current', 1],
          ['retired', 8],
        ],
      );
      for (const limit of [2, 9, 24, 25]) assert.deepEqual(await walk(path, 'version', limit), versions, String(limit));
      for (const [state, items] of states)
        assert.deepEqual(await walk(`${path}?state=${state}`, 'version', 3), keysOf(items, 'version'), state);

      const seen = await walk(path, 'version', 4, async (_told, number) => {
        await admin.change('PUT', '/secrets/tok', { value: `later ${number}` });
        await admin.change('POST', '/secrets/tok/rotate', { value: `new later ${number}` });
      });
      assert.deepEqual(seen, versions);
      assert.equal((await admin.ask('GET', '/secrets/none/versions')).status, 404);
      assert.equal((await admin.ask('GET', '/secrets/tok/uses?version=2')).status, 200, 'thrown away');
      assert.equal((await admin.ask('GET', '/secrets/tok/uses?version=99')).status, 404);
      await admin.change('POST', '/secrets/tok/rollback', { version: 1 });
      assert.equal(Object((await page(`${path}?state=current`)).items[0])['version'], 1);
      const { status, body } = await admin.ask('POST', '/secrets/tok/rollback', { body: {}, headers: admin.csrf });
      assert.equal(status, 404, JSON.stringify(body));
      assert.match(JSON.stringify(body), /the newer ones were gone back from/);
    });

    test('definitions are told each once by server and name, while some come and go, whatever their names are made of', async () => {
      const { admin } = world;
      const names = ['a-b', 'a_b', 'ab', 'aB', 'B', 'ä', 'zz', 'a"\\b', 'a\u0001\u001fb', '\ue001', '\ue022"'];
      const long = [
        'x'.repeat(390),
        `${'x'.repeat(390)}1`,
        '\u0002'.repeat(398),
        `${'\u0002'.repeat(398)}!`,
        '漢'.repeat(400),
      ];
      const texts = (kind: string, all: readonly string[], from = 0): string[] =>
        all.flatMap((name, index) =>
          ['one', 'two'].map((which, place) => {
            const text = JSON.stringify({ name, annotations: { readOnlyHint: which === 'two' } });
            const digest = sha256(kind + name + which);
            return `('${kind}', '${name}', '${digest}', '${text}', '${index === 1 ? '[{"kind":"encoded","isAlarm":false,"at":"x","what":"y"}]' : '[]'}', ${from + place}, ${index === 2 ? 9 : 'cast(null as bigint)'}, ${index === 3 ? place : 'cast(null as bigint)'})`;
          }),
        );
      const put = (server: string, rows: readonly string[]): string =>
        `${DEFINITIONS} select 'default', servers.id, t.* from servers, (values ${rows.join()}) as t where servers.name = '${server}'`;
      for (const name of ['mid', 'alpha', 'prompt', 'tools'])
        await admin.change('POST', '/servers', {
          name,

          transport: { kind: 'http', url: 'http://127.0.0.1:9/' },
        });
      for (const name of ['mid', 'prompt'])
        await run(
          put(name, [
            ...texts('tools', [...names, ...long]),
            ...texts('prompts', names),
            ...texts('templates', names),
            ...texts('instructions', ['']),
          ]),
        );
      const all = await page('/definitions');
      const shown = keysOf(all.items, 'name');
      // The third of each is listed no more.
      assert.equal(shown.length, 2 * (names.length + long.length + 2 * names.length + 1 - 3));
      assert.deepEqual(
        shown,
        shown
          .filter((_, index) => all.items[index]?.['server'] === 'mid')
          .toSorted()
          .concat(shown.filter((_, index) => all.items[index]?.['server'] === 'prompt').toSorted()),
      );
      const classOf = (name: string) => Object(all.items[shown.indexOf(name)])['class'];
      // One that was made up, of a name that is in no database.
      const strange = Buffer.from(
        JSON.stringify(['listDefinitions', { server: 'mid', kind: 'tools', name: '\ue000' }]),
      );
      assert.equal((await world.admin.ask('GET', `/definitions?cursor=${strange.toString('base64url')}`)).status, 200);
      assert.deepEqual([classOf('mid__zz'), classOf('prompt:mid__zz')], [{ is: 'read', by: 'server' }, null]);
      for (const limit of [5, 50]) assert.deepEqual(await walk('/definitions', 'name', limit), shown, String(limit));
      for (const [query, member, value] of [
        ['kind=template', 'kind', 'template'],
        ['state=accepted', 'state', 'accepted'],
        ['server=prompt', 'server', 'prompt'],
      ] as const)
        assert.deepEqual(
          await walk(`/definitions?${query}`, 'name', 2),
          keysOf(
            all.items.filter((item) => item[member] === value),
            'name',
          ),
          query,
        );
      const flagged = keysOf(
        all.items.filter(({ flags }) => (flags as unknown[]).length > 0),
        'name',
      );
      assert.equal(flagged.length, 6);
      assert.deepEqual(await walk('/definitions?flagged=true', 'name', 1), flagged);

      const gone = new Set<string>();
      const drop = async (name: string | undefined): Promise<void> => {
        if (name === undefined || !/^[a-z]+__[\w-]+$/.test(name)) return;
        const [server = '', own = ''] = name.split('__');
        gone.add(name);
        await run(
          `delete from definitions where kind = 'tools' and name = '${own}' and server_id = (select id from servers where name = '${server}')`,
        );
      };
      const seen = await walk('/definitions', 'name', 3, async (told, number) => {
        await drop(told.at(-1));
        await drop(shown[shown.indexOf(told.at(-1) ?? '') + 2]);
        if (number % 5 === 0) await run(put('mid', texts('tools', [`new-${number}`, `zz-${number}`])));
      });
      assert.equal(new Set(seen).size, seen.length, 'none twice');
      assert.deepEqual(
        seen.filter((name) => shown.includes(name) && !gone.has(name)),
        shown.filter((name) => !gone.has(name)),
      );
    });

    test('a page of few is few rows of the database, whatever stands behind it', async (t) => {
      const { admin } = world;
      await run(...devices(3_000, 'many-'), clients(1_500, 'many-'), browsers(1_500, 'many-'));
      await run(
        `${DEFINITIONS} ${upTo(3_000)} select 'default', servers.id, 'tools', 'tool' || i, 'digest' || i, '{"name":"x"}', '[]', 1, null, 1
           from n, servers where servers.name = 'tools'`,
      );
      await admin.change('PUT', '/secrets/many', { value: 'value' });
      await run(
        `insert into secret_versions (workspace_id, name, version, source, sealed, created_at, state)
           ${upTo(3_000)} select workspace_id, name, version + i, source, sealed, created_at + i, 'retired'
           from n, secret_versions where name = 'many'`,
      );
      const LIMIT = 5;
      for (const path of [
        '/sessions',
        '/sessions?kind=oauth',
        '/sessions?kind=web&user=root',
        '/sessions?user=root',

        '/devices',
        '/definitions?server=tools',
        '/secrets/many/versions',
        '/secrets/many/versions?state=retired',
      ]) {
        let cursor = '';
        for (let number = 0; number < 3; number += 1) {
          const asked = `${path}${path.includes('?') ? '&' : '?'}limit=${LIMIT}${cursor}`;
          let next: string | null = null;
          const statements = await answeredRows(t, async () => {
            const { items, next: cursorOf } = await page(asked);
            assert.equal(items.length, LIMIT);
            next = cursorOf;
          });
          assert.ok(next !== null && statements.length > 0, asked);
          cursor = `&cursor=${String(next)}`;
          const tooMany = statements.filter(({ rows }) => rows > LIMIT + 1);
          assert.deepEqual(tooMany, [], asked);
          for (const { sql } of statements) assert.doesNotMatch(planOf(sql), LOOKS_THROUGH, sql);
        }
      }
    });
  });

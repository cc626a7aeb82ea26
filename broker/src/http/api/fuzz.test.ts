// The API, asked by its own OpenAPI document: with what fits its schemas, and with what does not.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import fc from 'fast-check';
import { WORKSPACE_HEADER } from 'mcpgate-shared/api/workspaces';
import { startApiWorld, type ApiBrowser, type ApiWorld } from './fixtures/api-world.ts';
import { createFromSchema, spoilt, type Schema } from './fixtures/from-schema.ts';

const SEED = Number(process.env['MCPGATE_FUZZ_SEED'] ?? 20_261_201);
const RUNS = Number(process.env['MCPGATE_FUZZ_RUNS'] ?? 2);

interface Described {
  operationId: string;
  parameters: Schema[];
  requestBody?: { required: boolean; content: Record<string, { schema: Schema }> };
  responses: Record<string, Schema>;
  security: Record<string, unknown>[];
}

interface Asked {
  path: string;
  query: Record<string, unknown>;
  body: unknown;
}

/** Besides the rules that the linter recommends, of which none is off. */
const RULES = {
  'parameter-description': 'error',
  'component-name-unique': 'error',
  'spec-strict-refs': 'error',
} as const;

/** Names of what is there, and times and addresses that can be read. */
const POOL = {
  name: ['ada', 'dev', 'wiki', 'tok', 'few', 'out'],
  user: ['ada', 'user:ada'],
  users: [['ada'], []],
  groups: [['dev']],
  server: ['wiki'],
  servers: [['wiki']],
  url: ['http://127.0.0.1:9/x'],
  who: [['user:ada'], ['*']],
  what: [['wiki__*'], 'wiki__search'],
  label: ['ci', 'tf'],
  since: ['2026-01-01T00:00:00Z'],
  limit: [3],
} as const;

suite('the API as its document describes it', () => {
  let world: ApiWorld;
  let person: ApiBrowser;
  let token = '';
  let operations: { method: string; path: string; described: Described }[] = [];
  let document: Schema = {};
  const ajv = new Ajv2020({ strict: false, validateFormats: true });
  formats.default(ajv);
  let done = 0;
  const validators = new Map<string, ValidateFunction>();

  const at = (...keys: string[]): string =>
    keys.map((key) => key.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const assertFits = (pointer: string, value: unknown, what: string): void => {
    const validate = validators.get(pointer) ?? ajv.compile({ $ref: `api#/${pointer}` });
    validators.set(pointer, validate);
    assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 500)}`);
  };
  const resolve = (reference: string): Schema =>
    reference
      .slice(2)
      .split('/')
      .reduce<Schema>((inside, key) => Object(inside[key]) as Schema, document);
  const fromSchema = createFromSchema({ resolve, pool: POOL });

  before(async () => {
    world = await startApiWorld({
      ...{ api: { requests_per_minute: 100_000 }, catalogue: { registry: 'https://127.0.0.1:9' } },
    });
    const { admin, url } = world;
    await admin.change('POST', '/workspaces', { name: 'team-a' });
    // Of a workspace that may run no commands on this machine.
    person = await world.newPerson('grace', 'admin', 'team-a');
    const headers = { ...admin.csrf, [WORKSPACE_HEADER]: 'team-a' };
    const issued = await admin.ask('POST', '/admin-tokens', { body: { label: 'fuzz', role: 'admin' }, headers });
    token = String(Object(issued.body)['token']);
    for (const [path, body] of [
      ['/users', { name: 'ada' }],
      ['/groups', { name: 'dev', users: ['ada'] }],
      ['/servers', { name: 'wiki', transport: { kind: 'http', url: 'http://127.0.0.1:9/mcp' } }],
      ['/bundles', { name: 'few', tools: [{ tool: 'wiki__search' }] }],
      ['/rules', { effect: 'allow', who: ['user:ada'], what: ['wiki__*'] }],
    ] as const)
      await person.change('POST', path, body);
    await person.change('PUT', '/secrets/tok', { value: 'a value of a secret' });
    document = Object(await (await fetch(`${url}/api/v1/openapi.json`)).json()) as Schema;
    ajv.addSchema({ $id: 'api', ...document });
    const paths = document['paths'] as Record<string, Record<string, Described>>;
    operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => ({ method, path, described })),
    );
    assert.ok(operations.length > 120, `${operations.length} operations`);
  });
  after(() => world.close());

  /** Made anew from the seed, in the order of the document. */
  function inputs(path: string, { parameters, requestBody }: Described): fc.Arbitrary<Asked> {
    const carried = (place: string) =>
      parameters.filter((each) => each['in'] === place).map((each) => [String(each['name']), each] as const);
    const arbitrary = ([name, each]: readonly [string, Schema]) =>
      [name, fromSchema(Object(each['schema']) as Schema, name)] as const;
    const query = carried('query').filter(([name]) => name !== 'cursor');
    const needed = query.filter(([, each]) => each['required'] === true).map(([name]) => name);
    const schema = requestBody?.content['application/json']?.schema;
    return fc.record({
      path: fc
        .record(Object.fromEntries(carried('path').map(arbitrary)))
        // Addresses take these out of a path in every spelling (WHATWG URL, double-dot URL path segment).
        .filter((params) => Object.values(params).every((value) => value !== '.' && value !== '..'))
        .map((params) =>
          Object.entries(params).reduce(
            (so, [name, value]) => so.replace(`{${name}}`, encodeURIComponent(String(value)).replaceAll('.', '%2E')),
            path,
          ),
        ),
      query: fc.record(Object.fromEntries(query.map(arbitrary)), { requiredKeys: needed }),
      body: schema === undefined ? fc.constant(undefined) : fromSchema(schema),
    });
  }

  /** Asks as a program with a token, or as a page in the browser where only that may, and holds the answer against the document. */
  async function ask(
    { method, path, described }: (typeof operations)[number],
    asked: Asked,
    expected?: RegExp,
  ): Promise<void> {
    const isOfBrowsers = !described.security.some((each) => 'bearer' in each);
    const search = new URLSearchParams(
      Object.entries(asked.query).flatMap(([name, value]) =>
        [value].flat().map((each): [string, string] => [name, String(each)]),
      ),
    );
    const gone = new AbortController();
    const response = await fetch(`${world.url}/api/v1${asked.path}${search.size > 0 ? `?${search.toString()}` : ''}`, {
      method: method.toUpperCase(),
      headers: {
        ...(isOfBrowsers
          ? { cookie: person.cookie(), 'sec-fetch-site': 'same-origin', ...(method === 'get' ? {} : person.csrf) }
          : { authorization: `Bearer ${token}` }),
        ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(described.parameters.some(({ $ref }) => /IfMatch(?:Needed)?$/.test(String($ref))) && { 'if-match': '*' }),
      },
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      signal: gone.signal,
    });
    const { status, headers } = response;
    const what = `${described.operationId} ${JSON.stringify(asked).slice(0, 700)} → ${status}`;
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    if (status === 200 && type !== 'application/json') {
      gone.abort();
      assert.ok(type in Object(Object(described.responses['200'])['content']), `${what} ${type}`);
    } else {
      const body: unknown = await response.json();
      const told = `${what} ${JSON.stringify(body).slice(0, 500)}`;
      assert.ok(String(status) in described.responses, `${told} is not documented`);
      assert.ok([502, 503].includes(status) || status < 500, told);
      if (status === 200) done += 1;
      if (status === 200)
        assertFits(at('paths', path, method, 'responses', '200', 'content', 'application/json', 'schema'), body, what);
      else {
        assert.equal(type, 'application/problem+json', told);
        assertFits('components/schemas/Error', body, what);
        assert.equal(Object(Object(body)['error'])['request_id'], headers.get('x-request-id'), told);
      }
      if (expected !== undefined) assert.match(String(status), expected, told);
    }
    assert.match(headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/, what);
  }

  test('the document keeps to every rule of a linter, and names whatever it says twice', async () => {
    const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
    const lint = async (text: string) => {
      const problems = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
      return problems.map(({ ruleId, message, location: [at] }) => `${ruleId}: ${message} ${at?.pointer ?? ''}`);
    };
    const text = JSON.stringify(document);
    assert.deepEqual(await lint(text), []);
    const found = (await lint(text.replace('"operationId":"listUsers"', '"operationId":"listGroups"'))).join();
    assert.match(found, /operation-operationId-unique/, 'the linter looks');
    const { schemas } = Object(document['components']) as { schemas: Schema };
    assert.deepEqual(
      Object.keys(schemas).filter((name) => !/^[A-Z][A-Za-z0-9]+$/.test(name)),
      [],
    );
  });

  test('what does not fit is refused as a problem, changes nothing, and is a row of the log at most', async () => {
    const shown = async () => {
      const { status, body } = await person.ask('GET', '/config');
      assert.equal(status, 200, JSON.stringify(body));
      return body;
    };
    const rows = async () => {
      const { body } = await person.ask('GET', '/audit/events?limit=1000');
      return (body as unknown[]).length;
    };
    const [before, count] = [await shown(), await rows()];
    let tried = 0;
    for (const [index, operation] of operations.entries()) {
      const { method, path, described } = operation;
      if (described.requestBody === undefined) continue;
      const schema = at('paths', path, method, 'requestBody', 'content', 'application/json', 'schema');
      const fits = ajv.compile({ $ref: `api#/${schema}` });
      const wrong = inputs(path, described).chain((asked) => spoilt(asked.body).map((body) => ({ ...asked, body })));
      for (const asked of fc.sample(wrong, { numRuns: RUNS, seed: SEED + index })) {
        if (fits(asked.body) || asked.body === undefined) continue;
        tried += 1;
        await ask(operation, asked, /^4/);
      }
    }
    assert.ok(tried > 30 * RUNS, `${tried} were tried`);
    assert.deepEqual(await shown(), before);
    assert.ok((await rows()) <= count + tried + 2, 'each left a row at most');
  });

  test('what fits is answered as it is documented, whatever it says', async () => {
    for (const [index, operation] of operations.entries()) {
      const { path, described } = operation;
      for (const asked of fc.sample(inputs(path, described), { numRuns: RUNS, seed: SEED + index }))
        await ask(operation, asked);
    }
    assert.ok(done > 20 * RUNS, `${done} were done`);
  });
});

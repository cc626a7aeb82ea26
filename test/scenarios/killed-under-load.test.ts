// A broker that is killed under load, on each engine: what the server has carried out against the log, call by call; and the log, row by row and call by
// call, against the records and the spans that an OpenTelemetry collector has.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import { attributeOf, type OtlpCollector, startOtlpCollector } from '../world/otlp-collector.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { until } from '../world/until.ts';

const CALLERS = 8;
const BEFORE_THE_KILL = 80;

let postgres: TestPostgres | undefined;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres?.stop());

interface CallRow {
  id: string;
  status: string;
  trace_id: string;
}
interface EventRow {
  id: string;
  type: string;
}

const partOf = (meta: Readonly<Record<string, unknown>>, part: number) =>
  String(meta['traceparent']).split('-')[part] ?? '';
const traceOf = (meta: Readonly<Record<string, unknown>>) => partOf(meta, 1);
const spanOf = (meta: Readonly<Record<string, unknown>>) => partOf(meta, 2);

async function compares(t: TestContext, databaseUrl: string | undefined): Promise<void> {
  const collector = await startOtlpCollector(t);
  const { world, upstream } = await createCountingWorld(t, {
    ...{ direct: true, brokerEnv: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } },
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
  });
  const { broker } = world;
  const add = ['hook', 'add', 'otel', '--kind', 'log', '--format', 'otlp', '--url', `${collector.url}/v1/logs`];
  await broker.run(add);
  const issue = ['grant', 'issue', '--label', 'load', '--server', 'counting'];
  const { token } = (await broker.json(issue)) as IssuedGrant;
  let answered = 0;
  const load = Array.from({ length: CALLERS }, async (_each, index) => {
    const caller = await openMcpCaller(broker.listenUrl, token);
    for (let call = 0; ; call += 1) {
      const text = `${index}.${call}`;
      const answer = await caller.call('counting__echo', { text }).catch(() => undefined);
      if (answer === undefined) return; // the broker is gone
      assert.equal(answer, text);
      answered += 1;
    }
  });
  await upstream.arrived('echo', BEFORE_THE_KILL);
  await broker.stop('SIGKILL');
  await Promise.all(load);
  await broker.start();
  await (await openMcpCaller(broker.listenUrl, token)).call('counting__echo', { text: 'after' });
  answered += 1;

  const calls = (await broker.json(['audit', 'search', '--tool', 'counting__echo', '--all'])) as CallRow[];
  // The server was told the trace of each call, which the log has, too.
  const carriedOut = upstream.calls.map(({ meta }) => traceOf(meta));
  assert.equal(new Set(carriedOut).size, carriedOut.length, 'nothing was carried out twice');
  const rows = new Map(calls.map((row) => [row.trace_id, row]));
  assert.equal(rows.size, calls.length);
  assert.deepEqual(
    carriedOut.filter((trace) => !rows.has(trace)),
    [],
    'each call that was carried out is in the log',
  );
  const done = calls.filter(({ status }) => status === 'ok');
  const open = calls.filter(({ status }) => status !== 'ok');
  assert.ok(done.length >= answered, `${done.length} of ${answered}`);
  assert.ok(
    done.every(({ trace_id: trace }) => carriedOut.includes(trace)),
    'what the log calls done was carried out',
  );
  assert.ok(open.length <= CALLERS && open.every(({ status }) => status === 'unknown'), JSON.stringify(open));

  const events = (await broker.json(['audit', 'search', '--events', '--all'])) as EventRow[];
  const since = events.slice(0, events.findLastIndex(({ type }) => type === 'hook.added') + 1);
  const wanted = [
    ...done.map(({ id }) => `mcpgate.call.ended ${id}`),
    ...open.map(({ id }) => `mcpgate.call.begun ${id}`), // where a call's end follows at once, that says it all
    ...since.map(({ id, type }) => `mcpgate.${type} ${id}`),
  ];
  const idIn = (body: unknown) => /"key":"id","value":\{"stringValue":"([^"]+)"/.exec(JSON.stringify(body))?.[1] ?? '';
  const missing = () => {
    const came = new Set(collector.logs.map(({ eventName, body }) => `${eventName} ${idIn(body)}`));
    return wanted.filter((each) => !came.has(each));
  };
  // A feed whose holder was killed is taken over within half a minute.
  await until('each row of the log has come to the collector', () => missing().length === 0, 45_000).catch(() =>
    assert.deepEqual(missing().slice(0, 3), []),
  );
  const bodies = new Map<string, string>();
  for (const record of collector.logs) {
    const uid = attributeOf(record, 'log.record.uid') ?? '';
    const said = JSON.stringify([record.eventName, record.body]);
    assert.equal(bodies.get(uid) ?? said, said, 'what comes twice under an id is the same');
    bodies.set(uid, said);
  }
  const toldOf = new Map(upstream.calls.map(({ meta }) => [traceOf(meta), spanOf(meta)]));
  await spansAreThere(collector, done, (call) => toldOf.get(call.trace_id));
  assert.deepEqual(collector.mistakes, []);
}

/** `toldOf`: the span that the server was told with a call. */
async function spansAreThere(
  collector: OtlpCollector,
  done: readonly CallRow[],
  toldOf: (call: CallRow) => string | undefined,
): Promise<void> {
  const without = () => {
    const served = new Map(
      collector.spans.flatMap((span) => (span.kind === 2 ? [[attributeOf(span, 'mcpgate.call.id'), span]] : [])),
    );
    const sent = new Map(collector.spans.flatMap((span) => (span.kind === 3 ? [[span.spanId, span]] : [])));
    return done.filter((call) => {
      const own = served.get(call.id);
      const below = sent.get(toldOf(call) ?? '');
      const isOwn = own?.traceId === call.trace_id && below?.traceId === call.trace_id;
      return !isOwn || below.parentSpanId !== own.spanId;
    });
  };
  await until(
    'each call that has ended has come to the collector with its spans',
    () => without().length === 0,
    45_000,
  ).catch(() => assert.fail(`${without().length} of ${done.length} calls have no spans`));
  const said = new Map<string, string>();
  for (const span of collector.spans) {
    const text = JSON.stringify(span);
    assert.equal(said.get(span.spanId) ?? text, text, 'what comes twice under an id is the same');
    said.set(span.spanId, text);
  }
}

test('on SQLite nothing is lost and nothing is told otherwise', async (t) => await compares(t, undefined));

test('on PostgreSQL nothing is lost and nothing is told otherwise', async (t) =>
  await compares(t, await postgres?.createDatabase()));

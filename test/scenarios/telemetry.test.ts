// Traces, metrics and the audit log at an OpenTelemetry collector: a caller's trace goes on to the server, and nothing of a value leaves the broker.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openMcpCaller } from '../world/clients/mcp-caller.ts';
import { createCountingWorld } from '../world/counting-world.ts';
import type { IssuedGrant } from '../world/people/issued-grant.ts';
import { attributeOf, type Span, startOtlpCollector } from '../world/otlp-collector.ts';
import { until } from '../world/until.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

test('a trace goes from the caller through mcpgate to the server; the log and metrics come to the same collector', async (t) => {
  const collector = await startOtlpCollector(t);
  const folder = mkdtempSync(join(tmpdir(), 'mg-telemetry-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = join(folder, 'mcpgate.json');
  const otlp = { headers: { 'api-key': '${secret:otlp-key}' }, metrics_interval: '1s' };
  writeFileSync(config, JSON.stringify({ telemetry: { otlp } }));
  const { world, upstream } = await createCountingWorld(t, {
    ...{ brokerArgs: ['--config', config], brokerEnv: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` } },
  });
  const { broker } = world;
  await broker.run(['secret', 'set', 'otlp-key'], { stdin: 'the key of the collector' });
  await assert.rejects(broker.run(['secret', 'remove', 'otlp-key', '--yes']), /in use by the configuration/);
  await broker.run([
    ...['hook', 'add', 'otel', '--kind', 'log', '--format', 'otlp', '--url', `${collector.url}/v1/logs`],
    ...['--header', 'api-key: ${secret:otlp-key}'],
  ]);
  const ada = await world.member('ada');
  const client = await ada.aiClient();

  const _meta = { traceparent: `00-${TRACE}-${PARENT}-01`, tracestate: 'vendor=1', baggage: 'who=ada' };
  await client.sdk.callTool({ name: 'counting__echo', arguments: { text: 'argument-4711' }, _meta });
  const inTrace = (kind: number) => collector.spans.find((span) => span.traceId === TRACE && span.kind === kind);
  const served = await until('the span of the call has come', () => inTrace(2));
  const sent = await until('the span at the server has come', () => inTrace(3));
  const [call] = upstream.calls;
  assert.equal(served.parentSpanId, PARENT);
  assert.equal(sent.parentSpanId, served.spanId);
  assert.deepEqual([served.name, sent.name], ['tools/call counting__echo', 'tools/call echo']);
  assert.deepEqual([served.traceState, served.status], ['vendor=1', undefined]);
  assert.deepEqual(
    [call?.meta['traceparent'], call?.meta['tracestate'], call?.meta['baggage']],
    [`00-${TRACE}-${sent.spanId}-01`, 'vendor=1', 'who=ada'],
  );
  assert.deepEqual(
    [call?.headers['traceparent'], call?.headers['tracestate'], call?.headers['baggage']],
    [`00-${TRACE}-${sent.spanId}-01`, 'vendor=1', undefined],
  );
  const ns = ({ startTimeUnixNano, endTimeUnixNano }: Span) =>
    [BigInt(startTimeUnixNano), BigInt(endTimeUnixNano)] as const;
  assert.ok(ns(served)[0] <= ns(sent)[0] && ns(sent)[0] <= ns(sent)[1] && ns(sent)[1] <= ns(served)[1]);
  const { port } = new URL(upstream.url);
  const said = (span: Span, ...names: string[]) => names.map((name) => attributeOf(span, name));
  assert.deepEqual(
    said(
      sent,
      'mcp.method.name',
      'gen_ai.operation.name',
      'gen_ai.tool.name',
      'server.port',
      'network.transport',
      'mcpgate.attempts',
    ),
    ['tools/call', 'execute_tool', 'echo', port, 'tcp', '1'],
  );
  const traceOf = async (span: Span | undefined) => {
    const callId = attributeOf(span ?? { attributes: [] }, 'mcpgate.call.id') ?? '';
    const { call: record } = (await broker.json(['audit', 'show', callId])) as { call: { trace_id: string } };
    return record.trace_id;
  };
  assert.equal(await traceOf(served), TRACE);

  // Of nobody's trace it begins one, and the record has it; a caller that does not want it is not traced; what fails says how.
  await client.call('counting__echo', { text: 'own' });
  const notWanted = { traceparent: `00-${'a'.repeat(32)}-${PARENT}-00` };
  await client.sdk.callTool({ name: 'counting__echo', arguments: { text: 'x' }, _meta: notWanted });
  await client.call('counting__fail');
  await broker.run(['rule', 'add', '--deny', '--who', '*', '--what', 'counting__large']);
  await client.call('counting__large', { bytes: 1 });
  const named = (name: string, kind: number) =>
    collector.spans.filter((span) => span.name === name && span.kind === kind);
  const [denied] = await until('the denial has come', () => {
    const found = named('tools/call counting__large', 2);
    return found.length > 0 && found;
  });
  assert.deepEqual(
    [denied?.status, ...said(denied as Span, 'error.type', 'mcpgate.decision')],
    [{ code: 2 }, 'denied', 'deny'],
  );
  assert.equal(named('tools/call large', 3).length, 0, 'nothing went to the server');
  assert.deepEqual(said(named('tools/call counting__fail', 2)[0] as Span, 'error.type'), ['tool_error']);
  const [, own] = named('tools/call counting__echo', 2);
  assert.equal(own?.parentSpanId, undefined);
  assert.equal(await traceOf(own), own?.traceId);
  assert.equal(
    collector.spans.some(({ traceId }) => traceId === 'a'.repeat(32)),
    false,
  );
  assert.match(
    String(upstream.calls[2]?.meta['traceparent']),
    new RegExp(`^00-${'a'.repeat(32)}-(?!${PARENT})[0-9a-f]{16}-00$`),
  );

  // A plain HTTP client says in headers of which span it calls.
  const issue = ['grant', 'issue', '--label', 'plain', '--server', 'counting'];
  const { token } = (await broker.json(issue)) as IssuedGrant;
  const ofPlain = 'b'.repeat(32);
  const headers = { traceparent: `00-${ofPlain}-${PARENT}-01`, tracestate: 'plain=1' };
  await (await openMcpCaller(broker.listenUrl, token, headers)).call('counting__echo', { text: 'plain' });
  const plain = await until('the span of the plain client has come', () =>
    collector.spans.find(({ traceId, kind }) => traceId === ofPlain && kind === 2),
  );
  assert.deepEqual([plain.parentSpanId, plain.traceState, await traceOf(plain)], [PARENT, 'plain=1', ofPlain]);

  // The collector is away: the log comes later whole, and calls do not wait.
  collector.answers = { status: 503, headers: { 'retry-after': '1' } };
  for (let each = 0; each < 5; each += 1) await client.call('counting__echo', { text: `away ${each}` });
  collector.answers = undefined;
  const ids = ((await broker.json(['audit', 'search', '--limit', '100'])) as { id: string }[]).map((each) => each.id);
  const uids = () => collector.logs.map((each) => attributeOf(each, 'log.record.uid'));
  await until('the log has come', () =>
    ids.every((each) => collector.logs.some(({ body }) => JSON.stringify(body).includes(each))),
  );
  assert.equal(new Set(uids()).size, uids().length);
  const logged = collector.logs.find(
    ({ eventName, traceId }) => eventName === 'mcpgate.call.ended' && traceId === TRACE,
  );
  assert.equal(logged && attributeOf(logged, 'gen_ai.tool.name'), 'counting__echo');

  const metric = await until('metrics have come', () =>
    collector.metrics.find(({ name }) => name === 'mcp.server.operation.duration'),
  );
  const ok = metric.histogram?.dataPoints.find(
    (each) => attributeOf({ attributes: each.attributes }, 'error.type') === undefined,
  );
  assert.deepEqual(ok?.explicitBounds.slice(0, 3), [0.0001, 0.00025, 0.0005]);
  assert.equal(ok?.bucketCounts.length, (ok?.explicitBounds.length ?? 0) + 1);
  assert.equal(
    ok?.bucketCounts.map(Number).reduce((sum, each) => sum + each, 0),
    Number(ok?.count),
  );
  assert.ok(collector.metrics.some(({ name, sum }) => name === 'mcpgate_calls_total' && sum !== undefined));
  assert.match(
    await (await fetch(`${broker.listenUrl}/metrics`)).text(),
    /^mcpgate_trace_spans_total\{result="sent"\} [1-9]/m,
  );

  // Spans that it does not take are in the database after a moment, and outlive the broker.
  collector.answers = { status: 503 };
  const kept = { ...notWanted, traceparent: `00-${'c'.repeat(32)}-${PARENT}-01` };
  await client.sdk.callTool({ name: 'counting__echo', arguments: { text: 'kept' }, _meta: kept });
  const metrics = async () => await (await fetch(`${broker.listenUrl}/metrics`)).text();
  const queued = /^mcpgate_deliveries_queued\{workspace="default",destination="spans:otlp"\} [1-9]/m;
  await until('its spans are kept', async () => queued.test(await metrics()));
  await broker.stop('SIGKILL');
  await broker.start();
  collector.answers = undefined;
  const found = () => collector.spans.filter(({ traceId }) => traceId === 'c'.repeat(32));
  await until('they have come', () => found().length >= 2);
  assert.equal(new Set(found().map(({ spanId }) => spanId)).size, found().length);

  assert.deepEqual(collector.mistakes.slice(0, 1), []);
  assert.ok(collector.headers.every((headers) => headers['api-key'] === 'the key of the collector'));
  const all = collector.text();
  for (const secret of ['argument-4711', 'the key of the collector', 'away 1', 'who=ada'])
    assert.equal(all.includes(secret), false, secret);
});

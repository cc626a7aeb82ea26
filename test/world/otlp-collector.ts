// A receiver of OTLP over HTTP that takes what the official protocol buffers of OpenTelemetry take, and nothing else: what they do not know, or have as
// another type, is an error of whoever sends it.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
// Generated from the .proto files of OpenTelemetry.
import official from '@opentelemetry/otlp-transformer/build/src/generated/root.js';

interface MessageType {
  fromObject(document: object): object;
  toObject(
    message: object,
    how: { longs: StringConstructor; bytes: StringConstructor; enums: NumberConstructor },
  ): object;
}
interface Root {
  opentelemetry: { proto: { collector: Record<string, { v1: Record<string, MessageType> }> } };
}
const root = official as unknown as Root;
const TYPES: Readonly<Record<string, [string, string]>> = {
  '/v1/traces': ['trace', 'ExportTraceServiceRequest'],
  '/v1/metrics': ['metrics', 'ExportMetricsServiceRequest'],
  '/v1/logs': ['logs', 'ExportLogsServiceRequest'],
};

export interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code: number };
  attributes: Attribute[];
}
export interface LogRecord {
  eventName: string;
  traceId?: string;
  attributes: Attribute[];
  body: unknown;
}
export interface Metric {
  name: string;
  sum?: { dataPoints: { asDouble: number; attributes: Attribute[] }[] };
  histogram?: {
    dataPoints: { count: string; explicitBounds: number[]; bucketCounts: string[]; attributes: Attribute[] }[];
  };
}

export interface OtlpCollector {
  url: string;
  spans: Span[];
  logs: LogRecord[];
  /** As they came last. */
  metrics: Metric[];
  headers: IncomingHttpHeaders[];
  /** What came and is no such thing. */
  mistakes: string[];
  /** All that came, as text. */
  text(): string;
  /** What it answers instead of taking it; undefined: it takes it. */
  answers: { status: number; headers?: Record<string, string>; body?: string } | undefined;
}

export async function startOtlpCollector(t: Pick<TestContext, 'after'>): Promise<OtlpCollector> {
  const bodies: string[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { answers } = collector;
      if (answers !== undefined) return response.writeHead(answers.status, answers.headers).end(answers.body ?? '');
      const body = Buffer.concat(chunks).toString('utf8');
      bodies.push(body);
      collector.headers.push(request.headers);
      const mistake = take(collector, request.url ?? '', JSON.parse(body) as object);
      if (mistake !== undefined) collector.mistakes.push(mistake);
      return response.writeHead(mistake === undefined ? 200 : 400, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await once(http.listen(0, '127.0.0.1'), 'listening');
  t.after(() => http.close());
  const collector: OtlpCollector = {
    ...{ url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, answers: undefined },
    ...{ spans: [], logs: [], metrics: [], headers: [], mistakes: [], text: () => bodies.join('\n') },
  };
  return collector;
}

/** Why it is none of those. */
function take(collector: OtlpCollector, path: string, document: object): string | undefined {
  const [area = '', name = ''] = TYPES[path] ?? [];
  const type = root.opentelemetry.proto.collector[area]?.v1[name];
  if (type === undefined) return `there is no ${path}`;
  const asBytes = withBytes(document) as object;
  const read = type.toObject(type.fromObject(asBytes), { longs: String, bytes: String, enums: Number });
  if (!isDeepStrictEqual(plain(read), plain(asBytes)))
    return `${path}: ${JSON.stringify(asBytes).slice(0, 1_000)}\nwas read as ${JSON.stringify(read).slice(0, 1_000)}`;
  interface Scope {
    spans?: Span[];
    logRecords?: LogRecord[];
    metrics?: Metric[];
  }
  const resources = Object.values(document).flat() as Record<string, Scope[]>[];
  for (const scope of resources.flatMap((resource) =>
    Object.entries(resource).flatMap(([key, of]) => (key.startsWith('scope') ? of : [])),
  )) {
    collector.spans.push(...(scope.spans ?? []));
    collector.logs.push(...(scope.logRecords ?? []));
    if (scope.metrics !== undefined) collector.metrics = scope.metrics;
  }
  return undefined;
}

/** Without empty lists, which protocol buffers do not tell from none. */
const plain = (value: object): unknown =>
  JSON.parse(JSON.stringify(value, (_key, of: unknown) => (Array.isArray(of) && of.length === 0 ? undefined : of)));

/** Ids are hexadecimal in OTLP's JSON, and Base64 in that of protocol buffers. */
function withBytes(value: unknown, key = ''): unknown {
  if (/^(?:traceId|spanId|parentSpanId)$/.test(key) && typeof value === 'string') {
    if (!/^[0-9a-f]+$/.test(value) || value.length !== (key === 'traceId' ? 32 : 16))
      throw new Error(`no id: ${value}`);
    return Buffer.from(value, 'hex').toString('base64');
  }
  if (Array.isArray(value)) return value.map((each) => withBytes(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, of]) => [name, withBytes(of, name)]));
}

/** An attribute's value as text; undefined where there is none. */
export function attributeOf({ attributes }: { attributes: Attribute[] }, name: string): string | undefined {
  const found = attributes.find(({ key }) => key === name);
  return found === undefined ? undefined : String(Object.values(found.value)[0]);
}

// Servers that say more than their answers, say them in odd ways, or do not say them at all after they have carried a call out. Handshake and
// lists are as they should be; only `tools/call` is odd.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { Behaviour, Exchange, Got } from './behaviour.ts';

const isCall = (got: Got | undefined): boolean => got?.method === 'tools/call';

/** Written on stdout before the answer, as it is; and as events of a stream. */
function before(lines: string, events: string): Behaviour {
  return {
    line: (message, got) => (isCall(got) ? `${lines}${message}\n` : `${message}\n`),
    event: (message, got) => `${isCall(got) ? events : ''}event: message\ndata: ${message}\n\n`,
    http: stream((message) => `${events}data: ${message}\n\n`),
  };
}

/** Over HTTP the answer to a call is this event stream. */
function stream(text: (message: string, exchange: Exchange) => string): NonNullable<Behaviour['http']> {
  return (exchange) => {
    if (!isCall(exchange.got) || exchange.request.url !== '/mcp') return false;
    exchange.response.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.response.end(text(exchange.message() ?? '', exchange));
    return true;
  };
}

/** Over HTTP the answer to a call is this body with these headers. */
function body(
  headers: Record<string, string>,
  text: (message: string) => string | Buffer = (message) => message,
  status = 200,
): Behaviour {
  return {
    http({ got, request, response, message }) {
      if (!isCall(got) || request.url !== '/mcp') return false;
      response.writeHead(status, headers).end(text(message() ?? ''));
      return true;
    },
  };
}

/** The answer to a call is written so, over each transport. */
function written(as: (message: string) => string): Behaviour {
  return {
    line: (message, got) => `${isCall(got) ? as(message) : message}\n`,
    event: (message, got) => `data: ${isCall(got) ? as(message) : message}\n\n`,
    http: body({ 'content-type': 'application/json' }, as).http as NonNullable<Behaviour['http']>,
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const STREAM_TYPE = { 'content-type': 'text/event-stream' };
const event = (message: string): string => `event: ping\ndata: {}\n\ndata: ${message}\n\n`;
const withIdAsString = (message: string): string => message.replace(/"id":(\d+)/, '"id":"$1"');
const half = (message: string): string => message.slice(0, -10);

/** The answer arrives, and the call was carried out once. */
export const NOISE = {
  'noise-named-events': before(
    '',
    'event: ping\ndata: {}\n\nevent: heartbeat\ndata: {"t":1}\n\nevent: endpoint\ndata: /x\n\n',
  ),
  'noise-no-json': before('starting up\n\u001b[32mready\u001b[0m\n', 'data: still working\n\ndata: [DONE]\n\n'),
  'noise-no-rpc': before('{"level":"info"}\n[]\nnull\n7\n', 'data: {"status":"ok"}\n\ndata: []\n\ndata: null\n\n'),
  'noise-half-json': before('{"jsonrpc":"2.0","id":\n', 'data: {"jsonrpc":"2.0","id":\n\n'),
  'noise-unknown-ids': before(
    '{"jsonrpc":"2.0","id":999999,"result":{}}\n{"jsonrpc":"2.0","id":"x","result":{}}\n',
    'data: {"jsonrpc":"2.0","id":999999,"result":{}}\n\n',
  ),
  'noise-blank': before('\n  \n\r\n\0\n', ': a comment\n\n\ndata:\n\n\ndata: \n\nid: 1\n\n'),
  'answer-batch': written((message) => `[${message}]`),
  'answer-bom': written((message) => `\uFEFF${message}`),
  'answer-id-string': written(withIdAsString),
  'answer-padded': written((message) => ` \t${message}  `),
  'answer-error-null': written((message) => message.replace(/}$/, ',"error":null}')),
  'two-on-a-line': written((message) => `{"jsonrpc":"2.0","method":"notifications/message","params":{}}${message}`),
  'line-crlf': { line: (message) => `${message}\r\n` },
  'line-nul': { line: (message) => `\0${message}\0\n` },
  'line-coloured': { line: (message) => `\u001b[0m${message}\n` },
  'stream-crlf': { http: stream((message) => `event: message\r\ndata: ${message}\r\n\r\n`) },
  'stream-cr': { http: stream((message) => `event: message\rdata: ${message}\r\r`) },
  'stream-bom': { http: stream((message) => `\uFEFFdata: ${message}\n\n`) },
  'stream-unended': { http: stream((message) => `data: ${message}`) },
  'stream-unended-line': { http: stream((message) => `data: ${message}\n`) },
  'type-case': body({ 'content-type': 'Application/JSON; Charset=UTF-8' }),
  'type-missing': body({}),
  'type-text': body({ 'content-type': 'text/plain' }),
  'type-stream-case': body({ 'content-type': 'TEXT/Event-Stream;charset=utf-8' }, event),
  'type-json-for-stream': body(JSON_TYPE, event),
  'type-stream-for-json': body(STREAM_TYPE),
  'coded-gzip': body({ ...JSON_TYPE, 'content-encoding': 'gzip' }, gzipSync),
  'coded-x-gzip': body({ ...JSON_TYPE, 'content-encoding': 'X-GZIP' }, gzipSync),
  'coded-deflate': body({ ...JSON_TYPE, 'content-encoding': 'deflate' }, deflateSync),
  'coded-raw-deflate': body({ ...JSON_TYPE, 'content-encoding': 'deflate' }, deflateRawSync),
  'coded-br': body({ ...JSON_TYPE, 'content-encoding': 'br' }, brotliCompressSync),
  'coded-zstd': body({ ...JSON_TYPE, 'content-encoding': 'zstd' }, zstdCompressSync),
  'coded-twice': body({ ...JSON_TYPE, 'content-encoding': 'gzip, br' }, (text) => brotliCompressSync(gzipSync(text))),
  'coded-stream': body({ ...STREAM_TYPE, 'content-encoding': 'gzip' }, (text) => gzipSync(event(text))),
} satisfies Readonly<Record<string, Behaviour>>;

/** The call was carried out, and nobody can tell with what outcome. */
export const LOST = {
  'lost-garbled': {
    line: (message, got) => `${isCall(got) ? half(message) : message}\n`,
    event: (message, got) => `data: ${isCall(got) ? half(message) : message}\n\n`,
    http: body(JSON_TYPE, half).http as NonNullable<Behaviour['http']>,
  },
  'lost-no-result': written((message) => message.replace(/"result":.*}/, '"result":null}')),
  'lost-html': body({ 'content-type': 'text/html' }, () => '<p>done</p>'),
  'lost-empty': body(JSON_TYPE, () => ''),
  'lost-stream': { http: stream(() => 'event: ping\ndata: {}\n\n') },
  'lost-coding': body({ ...JSON_TYPE, 'content-encoding': 'compress' }),
  'lost-broken-gzip': body({ ...JSON_TYPE, 'content-encoding': 'gzip' }, () =>
    Buffer.from('\u001f\u008bxxxxxxxxxxxx', 'latin1'),
  ),
  'lost-bomb': body({ ...JSON_TYPE, 'content-encoding': 'gzip' }, () => gzipSync(`{"a":"${'x'.repeat(20_000_000)}"}`)),
  'lost-500': body({ 'content-type': 'text/plain' }, () => 'oops', 500),
  'lost-502': body({ 'content-type': 'text/html' }, () => '<h1>bad gateway</h1>', 502),
  'lost-408': body({}, () => '', 408),
  'lost-503': body({ 'content-type': 'text/plain' }, () => 'upstream connect error', 503),
} satisfies Readonly<Record<string, Behaviour>>;

/** Over HTTP a call is turned away before it is carried out. */
function turnedAway(status: number, headers: Record<string, string> = {}, text = ''): Behaviour {
  return {
    http({ got, response }) {
      if (!isCall(got)) return false;
      response.writeHead(status, headers).end(text);
      return true;
    },
  };
}

/** The call was not carried out, and whoever made it is told what to do. */
export const TURNED_AWAY = {
  'busy-429': turnedAway(429, { 'retry-after': '7' }, 'slow down'),
  'busy-429-json': turnedAway(
    429,
    { ...JSON_TYPE, 'retry-after': '7' },
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"slow down"}}',
  ),
  'busy-429-date': turnedAway(429, { 'retry-after': 'Fri, 31 Dec 2100 23:59:59 GMT' }),
  'busy-503': turnedAway(503, { 'retry-after': '120' }),
  'refused-403': turnedAway(403, {}, 'not for you'),
  'refused-413': turnedAway(413),
  'refused-redirect': turnedAway(308, { location: 'https://elsewhere.example/mcp' }),
} satisfies Readonly<Record<string, Behaviour>>;

/** The first call of a session is told that the session is lost; the server has to be initialized anew. */
function forgetful(status: number, text: string): Behaviour {
  return {
    http({ got, response }) {
      if (got === undefined || !isCall(got) || got.earlier > 0) return false;
      response.writeHead(status, JSON_TYPE).end(text);
      return true;
    },
  };
}

const said = (code: number, message: string, id: unknown = null): string =>
  JSON.stringify({ jsonrpc: '2.0', id, error: { code, message } });

export const FORGETFUL = {
  'session-404': forgetful(404, ''),
  'session-404-json': forgetful(404, said(-32001, 'Session not found')),
  'session-400-not-initialized': forgetful(400, said(-32000, 'Bad Request: Server not initialized')),
  'session-400-no-valid-id': forgetful(400, said(-32000, 'Bad Request: No valid session ID provided')),
  'session-400-text': forgetful(400, 'Invalid or missing session ID'),
  'session-400-expired': forgetful(400, said(-32600, 'Bad Request: Missing session ID', 'server-error')),
  'session-401': forgetful(401, 'Unauthorized: Session not found'),
  'session-410': forgetful(410, 'gone'),
  'session-422': forgetful(422, 'Unprocessable Entity: expect initialize request'),
} satisfies Readonly<Record<string, Behaviour>>;

/** Notifications are answered with something. */
function noted(status: number, headers: Record<string, string>, text: string): Behaviour {
  return {
    http({ got, response }) {
      if (got === undefined || got.id !== undefined) return false;
      response.writeHead(status, headers).end(text);
      return true;
    },
  };
}

export const NOTED = {
  'noted-null': noted(200, JSON_TYPE, 'null'),
  'noted-object': noted(202, JSON_TYPE, '{}'),
  'noted-status': noted(200, JSON_TYPE, '{"status":"accepted"}'),
  'noted-html': noted(200, { 'content-type': 'text/html' }, '<p>ok</p>'),
  'noted-text': noted(202, { 'content-type': 'text/plain' }, 'Accepted'),
  'noted-stream': noted(200, STREAM_TYPE, 'event: ping\ndata: {}\n\n'),
  'noted-204': noted(204, {}, ''),
  'noted-untyped': noted(200, {}, 'garbage {'),
} satisfies Readonly<Record<string, Behaviour>>;

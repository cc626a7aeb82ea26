// The broker's log: JSON lines on stderr, or one line for people on a terminal. Credentials and query strings never get in.
import { pino, type Logger as PinoLogger } from 'pino';
import { prettyLine } from './pretty-line.ts';

export type Logger = PinoLogger;

const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'set-cookie',
  'token',
  'secret',
  'password',
  'value',
  'access_token',
  'refresh_token',
  'id_token',
];

const redactedPaths = SECRET_FIELDS.flatMap((field) => {
  const key = /^\w+$/.test(field) ? `.${field}` : `["${field}"]`;
  const root = /^\w+$/.test(field) ? field : `["${field}"]`;
  return [root, `*${key}`, `*.*${key}`, `*.*.*${key}`];
});

/** `url` without its query, which may hold codes and tokens. */
export function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

export function createLogger(options: {
  level: 'debug' | 'info' | 'warn' | 'error';
  format: 'json' | 'pretty';
  write: (line: string) => void;
  colours?: boolean;
}): Logger {
  const { write } = options;
  const stream = {
    write: options.format === 'json' ? write : (line: string) => write(prettyLine(line, options.colours ?? false)),
  };
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redactedPaths, censor: '[redacted]' },
      serializers: {
        req: (request: { method?: string; url?: string; ip?: string }) => ({
          method: request.method,
          path: withoutQuery(request.url ?? ''),
          address: request.ip,
        }),
        res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
      },
    },
    stream,
  );
}

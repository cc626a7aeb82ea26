// The broker's log: JSON lines, or readable ones for a terminal. Fields with the names of secrets are redacted, and URLs lose their query.
import { Chalk } from 'chalk';
import { pino, type Logger as PinoLogger } from 'pino';

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

/** A JSON log line as a person reads it: `12:00:01 warn  text  key=value`. A line that is no JSON stays as it is. */
function prettyLine(line: string, colours: boolean): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const chalk = new Chalk({ level: colours ? 1 : 0 });
  const { level, time, msg, err, ...rest } = entry;
  const paint = level === 'error' || level === 'fatal' ? chalk.red : level === 'warn' ? chalk.yellow : chalk.dim;
  const fields = Object.entries(rest)
    .filter(([key]) => key !== 'pid' && key !== 'hostname')
    .map(([key, value]) => chalk.dim(`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`));
  const clockTime = typeof time === 'string' ? time.slice(11, 19) : '';
  const parts = [chalk.dim(clockTime), paint(String(level).padEnd(5)), typeof msg === 'string' ? msg : '', ...fields];
  return `${parts.join(' ')}${errorText(err)}\n`;
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if ('stack' in error && typeof error.stack === 'string') return `\n  ${error.stack.replaceAll('\n', '\n  ')}`;
  return 'message' in error ? ` ${String(error.message)}` : '';
}

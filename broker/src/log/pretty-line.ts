// One JSON log line as a person reads it: `12:00:01 warn  text  key=value`.
import { Chalk } from 'chalk';

/** `line` as one readable line; the line itself where it is no JSON. */
export function prettyLine(line: string, colours: boolean): string {
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

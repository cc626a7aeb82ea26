// A value as one writes it in the configuration file, on one line.
import { parse } from 'yaml';

/** `[10.0.0.0/8, '::1']`, `{ 'Team B': team-b }`; a text that stands alone is not quoted. */
export function asWritten(value: unknown): string {
  return typeof value === 'string' ? value : inFlow(value);
}

function inFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inFlow).join(', ')}]`;
  if (typeof value === 'string') return isPlain(value) ? value : `'${value.replaceAll("'", "''")}'`;
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, each]) => `${inFlow(name)}: ${inFlow(each)}`);
  return `{ ${entries.join(', ')} }`;
}

/** Whether it stands for itself without quotes: no sign of YAML's in it, and no word for something else, as `true` or `10`. */
const isPlain = (text: string): boolean => /^[\w./-][\w./:-]*$/.test(text) && parse(text) === text;

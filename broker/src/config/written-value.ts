// Values as they stand in the configuration file.
import { parse } from 'yaml';

/** A value as one line of YAML: `[10.0.0.0/8, '::1']`, `{ 'Team B': team-b }`. A text that is the whole value is not quoted. */
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

/** Whether YAML reads the text as itself without quotes: it has no special characters, and is no word such as `true` or `10`. */
const isPlain = (text: string): boolean => /^[\w./-][\w./:-]*$/.test(text) && parse(text) === text;

// An entry of the log as a syslog message: what it is known and sorted by as structured data, and the record itself as JSON.
import { asciiJson, syslogText } from '../../net/syslog/syslog-message.ts';
import { severityOf } from './entry-severity.ts';
import type { LogEntry } from './log-records.ts';

/** Whoever has no number of IANA's uses the one for examples (RFC 5612). */
const ELEMENT = 'mcpgate@32473';
/** What rsyslog takes unless told otherwise; longer messages are cut there. */
const MOST_BYTES = 8_192;
const PARAMS = ['workspace_id', 'server', 'status', 'decision', 'actor', 'member'] as const;

export function syslogEntry(
  entry: LogEntry,
  { version, host, mostBytes }: { version: string; host: string; mostBytes: number | null },
): string {
  const { id, type, timestamp, data } = entry;
  const [chain = '', seq = '0'] = id.split(':');
  const params: Record<string, string> = { id, type };
  for (const name of PARAMS) {
    const value: unknown = Reflect.get(data, name);
    if (typeof value === 'string') params[name] = value.slice(0, 200);
  }
  const severity = severityOf(entry);
  const written = (record: unknown, left: readonly string[]) =>
    syslogText({
      ...{ severity, timestamp, host, procId: chain, msgId: type },
      data: {
        [ELEMENT]: { ...params, ...(left.length > 0 && { left_out: left.join(' ').slice(0, 500) }) },
        // RFC 5424 section 7.3.1: from 1 on, and again after 2147483647.
        meta: { sequenceId: String((Number(seq) % 2_147_483_647) + 1) },
        origin: { software: 'mcpgate', swVersion: version },
      },
      text: asciiJson(record),
    });
  return withinBytes(data, mostBytes ?? MOST_BYTES, written);
}

/** How often the longest value is left out one by one; what is too long then has too many of them. */
const MOST_LEFT = 20;

/** The record with its longest values left out until the message is short enough: cut JSON could not be read at all. */
function withinBytes(
  data: object,
  most: number,
  written: (record: unknown, left: readonly string[]) => string,
): string {
  const whole = written(data, []);
  if (whole.length <= most) return whole;
  const record = structuredClone(data) as Record<string, unknown>;
  const left: string[] = [];
  for (let tries = 0; tries < MOST_LEFT; tries += 1) {
    const found = longest(record, '');
    if (found === undefined) break;
    Reflect.set(found.of, found.key, null);
    left.push(found.path);
    const text = written(record, left);
    if (text.length <= most) return text;
  }
  return written({}, ['all']);
}

interface Found {
  of: object;
  key: string;
  path: string;
  size: number;
}

/** The longest text or list in a record, and where it stands. */
function longest(record: object, at: string): Found | undefined {
  let most: Found | undefined;
  for (const [key, value] of Object.entries(record) as [string, unknown][]) {
    if (value === null || value === undefined) continue;
    const path = `${at}${key}`;
    const isRecord = typeof value === 'object' && !Array.isArray(value);
    const found = isRecord ? longest(value, `${path}.`) : { of: record, key, path, size: asciiJson(value).length };
    if (found !== undefined && found.size > (most?.size ?? 0)) most = found;
  }
  return most;
}

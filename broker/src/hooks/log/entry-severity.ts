// How severe an entry of the log is to whoever sorts by that.
import type { Severity } from '../../net/syslog/syslog-message.ts';
import type { LogEntry } from './log-records.ts';

const OF_STATUS: Readonly<Record<string, Severity>> = {
  ...{ ok: 'info', cancelled: 'info', tool_error: 'notice', denied: 'warning' },
  ...{ failed: 'error', timeout: 'error', unknown: 'error' },
};

export function severityOf({ type, data }: LogEntry): Severity {
  if (type === 'call.begun') return 'info';
  if (type === 'call.ended') return OF_STATUS[String(Reflect.get(data, 'status'))] ?? 'notice';
  return /\.(?:rejected|refused|failed|denied|lost|away|reused|left_behind)$/.test(type) ? 'warning' : 'notice';
}

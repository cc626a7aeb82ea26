// Entries of the log as OTLP has log records: the body of `POST /v1/logs` in its JSON encoding, and what comes back.
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { attributes, anyValue, resourceOf } from '../../net/otlp/otlp-values.ts';
import type { Severity } from '../../net/syslog/syslog-message.ts';
import { severityOf } from './entry-severity.ts';
import type { LogEntry } from './log-records.ts';

const NUMBERS: Readonly<Record<Severity, [number: number, text: string]>> = {
  info: [9, 'INFO'],
  notice: [10, 'INFO2'],
  warning: [13, 'WARN'],
  error: [17, 'ERROR'],
};

export function otlpLogs(
  entries: readonly LogEntry[],
  { version, host, observedAt }: { version: string; host: string; observedAt: number },
): object {
  const logRecords = entries.map((entry) => toRecord(entry, observedAt));
  const scope = { name: 'mcpgate.audit', version };
  return { resourceLogs: [{ resource: resourceOf({ version, host }), scopeLogs: [{ scope, logRecords }] }] };
}

function toRecord(entry: LogEntry, observedAt: number): object {
  const { id, type, timestamp, data } = entry;
  const [severityNumber, severityText] = NUMBERS[severityOf(entry)];
  const said = (name: string): string | undefined => {
    const value: unknown = Reflect.get(data, name);
    return typeof value === 'string' ? value : undefined;
  };
  const traceId = said('trace_id');
  return {
    timeUnixNano: nanos(Date.parse(timestamp)),
    observedTimeUnixNano: nanos(observedAt),
    ...{ severityNumber, severityText, eventName: `mcpgate.${type}` },
    body: anyValue(data),
    attributes: attributes({
      // By it a record that comes twice is known.
      'log.record.uid': id,
      'mcpgate.workspace': said('workspace_id'),
      'mcpgate.server': said('server'),
      'mcpgate.decision': said('decision'),
      'mcpgate.status': said('status'),
      'mcpgate.actor': said('actor'),
      'mcp.method.name': said('method'),
      'gen_ai.tool.name': said('method') === 'tools/call' ? said('tool_name') : undefined,
      'user.name': said('member'),
      'client.address': said('address'),
    }),
    ...(traceId !== undefined && { traceId }),
  };
}

const nanos = (ms: number): string => `${ms}000000`;

/** What a receiver that has answered 200 says that it does not take; undefined: nothing. */
export function refusedRecords(answer: string): string | undefined {
  const partial: unknown = parseRecord(answer)?.['partialSuccess'];
  const { rejectedLogRecords = 0, errorMessage } = Object(partial) as Record<string, unknown>;
  const count = Number(rejectedLogRecords);
  const why =
    typeof errorMessage === 'string' && errorMessage !== '' ? errorMessage.slice(0, 300) : 'no reason was given';
  return count > 0 ? `${count} records were refused: ${why}` : undefined;
}

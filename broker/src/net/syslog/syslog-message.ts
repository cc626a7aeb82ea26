// One syslog message as RFC 5424 writes it. What stands in it is ASCII without control characters, whatever was given: no receiver takes the end of a
// line in a value for the end of a message, and none has to guess an encoding.

export type Severity = 'error' | 'warning' | 'notice' | 'info';

export interface SyslogMessage {
  severity: Severity;
  /** ISO 8601 in UTC. */
  timestamp: string;
  host: string;
  /** What one run of a program is known by. */
  procId: string;
  /** The type of the message. */
  msgId: string;
  /** Parameters by name, by the id of their element. */
  data: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What is said: JSON. */
  text: string;
}

const SEVERITIES: Readonly<Record<Severity, number>> = { error: 3, warning: 4, notice: 5, info: 6 };
/** `log audit`. */
const FACILITY = 13;

export function syslogText({ severity, timestamp, host, procId, msgId, data, text }: SyslogMessage): string {
  const priority = FACILITY * 8 + SEVERITIES[severity];
  const elements = Object.entries(data).map(([id, params]) => element(id, params));
  const header = [word(host, 255), 'mcpgate', word(procId, 128), word(msgId, 32)].join(' ');
  return `<${priority}>1 ${timestamp} ${header} ${elements.length === 0 ? '-' : elements.join('')} ${text}`;
}

/** JSON in ASCII: what is beyond it is escaped as JSON has it. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What a field of the header may hold: printable ASCII without spaces, and `-` for nothing. */
function word(text: string, most: number): string {
  const kept = text.replaceAll(/[^\x21-\x7e]/g, '_').slice(0, most);
  return kept === '' ? '-' : kept;
}

function element(id: string, params: Readonly<Record<string, string>>): string {
  const written = Object.entries(params).map(([name, value]) => ` ${name}="${paramValue(value)}"`);
  return `[${id}${written.join('')}]`;
}

/** `"`, `\` and `]` are escaped, as section 6.3.3 says. */
const paramValue = (value: string): string =>
  value.replaceAll(/[^\x20-\x7e]/g, '_').replaceAll(/["\\\]]/g, (special) => `\\${special}`);

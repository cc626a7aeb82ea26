// Where syslog is sent: over TLS (RFC 5425), TCP (RFC 6587, with octet counts) or UDP (RFC 5426).
import { GateError } from 'mcpgate-shared/error';

export type SyslogTransport = 'tls' | 'tcp' | 'udp';

export interface SyslogAddress {
  transport: SyslogTransport;
  host: string;
  port: number;
}

const PORTS: Readonly<Record<SyslogTransport, number>> = { tls: 6514, tcp: 601, udp: 514 };
const ADDRESS = /^syslog\+(tls|tcp|udp):\/\/(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?\/?$/;

export const isSyslog = (url: string): boolean => url.startsWith('syslog+');

/** Undefined where the text is no such address. */
export function syslogAddress(text: string): SyslogAddress | undefined {
  const [, transport, six, name, port] = ADDRESS.exec(text) ?? [];
  const host = six ?? name;
  if ((transport !== 'tls' && transport !== 'tcp' && transport !== 'udp') || host === undefined) return undefined;
  const number = port === undefined ? PORTS[transport] : Number(port);
  return number < 1 || number > 65_535 ? undefined : { transport, host, port: number };
}

/** Throws `usage`. */
export function readSyslogAddress(text: string): SyslogAddress {
  const address = syslogAddress(text);
  if (address !== undefined) return address;
  throw new GateError('usage', 'write syslog+tls://HOST:PORT, syslog+tcp://HOST:PORT or syslog+udp://HOST:PORT');
}

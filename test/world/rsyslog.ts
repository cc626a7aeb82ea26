// A real rsyslog with one listener, in a folder of its own. It writes what has come as JSON, a line a message, before it takes more.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Running, startCommand } from './command.ts';
import { canConnect } from './network/can-connect.ts';
import { until } from './until.ts';

export interface SyslogLine {
  priority: number;
  timestamp: string;
  host: string;
  app: string;
  proc: string;
  id: string;
  /** As it came. */
  data: string;
  /** As rsyslog has read it. */
  read: Record<string, Record<string, string>>;
  text: string;
}

export interface Rsyslog {
  lines(): SyslogLine[];
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

interface Options {
  folder: string;
  port: number;
  transport: 'tls' | 'tcp' | 'udp';
  tls?: { caFile: string; certFile: string; keyFile: string; asksForCertificate?: boolean };
}

export function createRsyslog(t: Pick<TestContext, 'after'>, { folder, port, transport, tls }: Options): Rsyslog {
  mkdirSync(folder, { recursive: true });
  const [config, out] = [join(folder, 'rsyslog.conf'), join(folder, 'received.jsonl')];
  const encrypted =
    tls === undefined
      ? ''
      : `StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="${tls.asksForCertificate === true ? 'x509/certvalid' : 'anon'}"`;
  const files =
    tls === undefined
      ? ''
      : `DefaultNetstreamDriverCAFile="${tls.caFile}" DefaultNetstreamDriverCertFile="${tls.certFile}" DefaultNetstreamDriverKeyFile="${tls.keyFile}"`;
  const property = (name: string, of: string) => `property(outname="${name}" name="${of}" format="jsonf")`;
  const properties = [
    ...[property('priority', 'pri'), property('host', 'hostname'), property('app', 'app-name')],
    ...[property('proc', 'procid'), property('id', 'msgid'), property('data', 'structured-data')],
    `property(outname="timestamp" name="timestamp" format="jsonf" dateFormat="rfc3339")`,
    `property(outname="read" name="$!rfc5424-sd" format="jsonf")`,
    property('text', 'msg'),
  ];
  writeFileSync(
    config,
    [
      `global(workDirectory="${folder}" maxMessageSize="64k" ${files})`,
      `module(load="im${transport === 'udp' ? 'udp' : 'tcp'}" ${encrypted})`,
      'module(load="mmpstrucdata")',
      `template(name="all" type="list" option.jsonf="on") { ${properties.join(' ')} }`,
      'ruleset(name="in" queue.type="Direct") {',
      '  action(type="mmpstrucdata" sd_name.lowercase="off")',
      `  action(type="omfile" file="${out}" template="all")`,
      '}',
      `input(type="im${transport === 'udp' ? 'udp' : 'tcp'}" address="127.0.0.1" port="${port}" ruleset="in")`,
      '',
    ].join('\n'),
  );
  let running: Running | undefined;
  const rsyslog: Rsyslog = {
    lines() {
      if (!existsSync(out)) return [];
      const whole = readFileSync(out, 'utf8').split('\n').slice(0, -1);
      return whole.map((line) => {
        const { priority, read, ...others } = JSON.parse(line) as Record<string, string>;
        return { ...others, priority: Number(priority), read: readData(read) } as SyslogLine;
      });
    },
    async start() {
      running = startCommand(['rsyslogd', '-n', '-f', config, '-i', join(folder, 'pid')], {
        env: { PATH: '/usr/sbin:/usr/bin:/bin' },
      });
      if (transport !== 'udp') await until('rsyslog listens', () => canConnect(port));
    },
    async stop(signal = 'SIGTERM') {
      await running?.stop(signal);
    },
  };
  t.after(() => rsyslog.stop('SIGKILL'));
  return rsyslog;
}

function readData(text: unknown): SyslogLine['read'] {
  return (typeof text === 'string' ? JSON.parse(text) : text) as SyslogLine['read'];
}

// The configuration of one run: flag, else environment, else file, else default. Nothing outside this folder and `main` reads the
// environment; relative paths of the file are relative to the file.
import type { ResourceLimits } from '../domain/resource-limits.ts';
import type { StdioSettings } from '../domain/stdio-settings.ts';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { parseConfigFile } from './config-file.ts';
import { configKeys } from './key-list.ts';
import { isLoopback, parseListenAddress, type ListenAddress } from './listen-address.ts';
import { ConfigSchema, type ConfigFile } from './schema.ts';

export interface Config {
  /** Absolute; undefined: none was read. */
  file: string | undefined;
  listen: ListenAddress;
  /** Undefined: the origin that it listens on. */
  publicUrl: string | undefined;
  /** Absolute. */
  dataDir: string;
  databaseUrl: string | undefined;
  masterKeyFile: string;
  tls: { certFile: string; keyFile: string } | undefined;
  behindProxy: readonly string[];
  /** False: passwords are for administrators alone. */
  localAccounts: boolean;
  oidc: ConfigFile['oidc'];
  forwardedAuth: ConfigFile['forwarded_auth'];
  log: ConfigFile['log'];
  tokens: { accessTtlMs: number; refreshTtlMs: number; deviceCodeTtlMs: number };
  tunnel: { resumeWindowMs: number; backlogBytes: number; maxMessageBytes: number };
  upstreams: {
    startTimeoutMs: number;
    requestTimeoutMs: number;
    listAgeMs: number;
    idleTimeoutMs: number;
    /** Infinity: never. */
    sharedIdleTimeoutMs: number;
    maxProcesses: { overall: number; perServer: number; perUser: number };
    /** What each stdio server may use up. */
    limits: ResourceLimits;
  };
  /** Of the servers that the broker starts itself. */
  stdio: StdioSettings;
  /** Addresses and ranges that may read `/metrics`. */
  metricsAllow: readonly string[];
  /** AI clients that take only so many tools. */
  searchRules: readonly { client: string; above: number }[];
  /** Web pages of these origins may use `/mcp`. */
  mcp: { allowedOrigins: readonly string[] };
  /** Hosts on private addresses that may be fetched from where a stranger names them. */
  outboundAllowHosts: readonly string[];
  drainTimeoutMs: number;
}

/** What the command line says; each beats the environment and the file. */
export interface ConfigFlags {
  config?: string;
  data?: string;
  listen?: string;
  publicUrl?: string;
  databaseUrl?: string;
  tlsCert?: string;
  tlsKey?: string;
  behindProxy?: readonly string[];
  logLevel?: string;
}

export interface ConfigSurroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

/** Throws `config` with one line for each mistake. */
export function loadConfig(flags: ConfigFlags, { env, cwd }: ConfigSurroundings): Config {
  const file = flags.config ?? nonEmpty(env['MCPGATE_CONFIG']);
  const layers = file === undefined ? {} : readConfigFile(resolve(cwd, file), file);
  const origins = new Map<string, string>();
  const set = (path: readonly string[], value: unknown, origin: string): void => {
    origins.set(path.join('.'), origin);
    setIn(layers, path, value);
  };
  for (const { path, note } of configKeys()) {
    const value = note.env === undefined ? undefined : nonEmpty(env[note.env]);
    if (note.env !== undefined && value !== undefined) set(path, inDirectory(cwd, note.form, value), note.env);
  }
  const flagValues: readonly [readonly string[], string, unknown][] = [
    [['data'], '--data', flags.data],
    [['listen'], '--listen', flags.listen],
    [['public_url'], '--public-url', flags.publicUrl],
    [['database_url'], '--database-url', flags.databaseUrl],
    [['tls', 'cert'], '--tls-cert', flags.tlsCert],
    [['tls', 'key'], '--tls-key', flags.tlsKey],
    [['behind_proxy'], '--behind-proxy', flags.behindProxy],
    [['log', 'level'], '--log-level', flags.logLevel],
  ];
  const forms = new Map(configKeys().map((key) => [key.path.join('.'), key.note.form]));
  for (const [path, flag, value] of flagValues) {
    if (value !== undefined) set(path, inDirectory(cwd, forms.get(path.join('.')), value), flag);
  }

  const checked = ConfigSchema.safeParse(layers);
  if (!checked.success) {
    const flagOf = new Map(flagValues.map(([path, flag]) => [path.join('.'), flag]));
    const lines = checked.error.issues.map((issue) => {
      const key = issue.path.filter((part) => typeof part === 'string').join('.');
      return `${origins.get(key) ?? flagOf.get(key) ?? key}: ${issue.input === undefined && !origins.has(key) ? 'is missing' : issue.message}`;
    });
    throw new GateError('config', lines.join('\n'));
  }
  return { file: file === undefined ? undefined : resolve(cwd, file), ...toConfig(checked.data, cwd) };
}

/** Throws `config` where others could read tokens on their way: an address that other machines reach, without TLS. */
export function assertNotExposed(config: Config): void {
  if (config.tls !== undefined || config.behindProxy.length > 0 || isLoopback(config.listen.host)) return;
  throw new GateError(
    'config',
    `listen: ${config.listen.host} can be reached from other machines, and without TLS anyone between could read tokens. ` +
      'Give --tls-cert and --tls-key, or --behind-proxy CIDR with the address of the proxy that ends TLS, or listen on 127.0.0.1.',
  );
}

function readConfigFile(path: string, shownAs: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const text = `${shownAs}: cannot read the configuration file: ${fileFault(error)}`;
    throw new GateError('config', text, { cause: error });
  }
  const values = parseConfigFile(shownAs, text);
  for (const key of configKeys()) {
    const value = getIn(values, key.path);
    if (value !== undefined) setIn(values, key.path, inDirectory(dirname(path), key.note.form, value));
  }
  return values;
}

function toConfig(values: ConfigFile, cwd: string): Omit<Config, 'file'> {
  const listen = parseListenAddress(values.listen);
  if (listen === undefined) throw new GateError('config', 'listen: write HOST:PORT, as 127.0.0.1:7717');
  const dataDir = resolve(cwd, values.data);
  for (const file of values.tls === undefined ? [] : [values.tls.cert, values.tls.key]) {
    if (!existsSync(file)) throw new GateError('config', `tls: ${file} does not exist`);
  }
  return {
    listen,
    publicUrl: values.public_url,
    dataDir,
    databaseUrl: values.database_url,
    masterKeyFile: values.master_key_file ?? join(dataDir, 'master.key'),
    tls: values.tls === undefined ? undefined : { certFile: values.tls.cert, keyFile: values.tls.key },
    behindProxy: values.behind_proxy,
    localAccounts: values.local_accounts,
    oidc: values.oidc,
    forwardedAuth: values.forwarded_auth,
    log: values.log,
    tokens: {
      accessTtlMs: values.tokens.access_ttl,
      refreshTtlMs: values.tokens.refresh_ttl,
      deviceCodeTtlMs: values.tokens.device_code_ttl,
    },
    tunnel: {
      resumeWindowMs: values.tunnel.resume_window,
      backlogBytes: values.tunnel.backlog,
      maxMessageBytes: values.tunnel.max_message,
    },
    upstreams: {
      startTimeoutMs: values.upstreams.start_timeout,
      requestTimeoutMs: values.upstreams.request_timeout,
      listAgeMs: values.upstreams.list_age,
      idleTimeoutMs: values.upstreams.idle_timeout,
      sharedIdleTimeoutMs: values.upstreams.shared_idle_timeout,
      maxProcesses: {
        overall: values.upstreams.max_processes,
        perServer: values.upstreams.max_processes_per_server,
        perUser: values.upstreams.max_processes_per_user,
      },
      limits: values.upstreams.limits,
    },
    stdio: values.stdio,
    metricsAllow: values.metrics.allow,
    searchRules: values.tool_search,
    mcp: { allowedOrigins: values.mcp.allowed_origins },
    outboundAllowHosts: values.outbound.allow_hosts,
    drainTimeoutMs: values.drain.timeout,
  };
}

const inDirectory = (directory: string, form: string | undefined, value: unknown): unknown =>
  form === 'path' && typeof value === 'string' ? resolve(directory, value) : value;

const nonEmpty = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function getIn(values: Record<string, unknown>, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, part) => (isRecord(value) ? value[part] : undefined), values);
}

function setIn(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [part = '', ...rest] = path;
  if (rest.length === 0) {
    values[part] = value;
    return;
  }
  const child = values[part];
  const next: Record<string, unknown> = isRecord(child) ? child : {};
  values[part] = next;
  setIn(next, rest, value);
}

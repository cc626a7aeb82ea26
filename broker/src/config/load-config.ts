// Loads the configuration of one run. A flag beats the environment, which beats the file, which beats the default. Only this folder and
// `main` read the environment. Relative paths in the file are relative to the file.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { parseConfigFile } from './config-file.ts';
import { flagName, flagProperty } from './key.ts';
import { path } from './key-forms.ts';
import { CONFIG_KEYS, type ConfigKey } from './key-list.ts';
import { isLoopback } from './listen-address.ts';
import { ConfigSchema, type ConfigFile } from './schema.ts';

/** The values of all keys, under the keys' names; every path is absolute. */
export interface Config extends ConfigFile {
  /** The file that was read; undefined where there is none. */
  file: string | undefined;
  master_key_file: string;
}

/** The flags of the command line, by the properties that commander has for them (`publicUrl`). */
export interface ConfigFlags {
  config?: string;
  [flag: string]: string | readonly string[] | undefined;
}

export interface ConfigSurroundings {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
}

const FLAG_PROPERTIES = new Set(CONFIG_KEYS.flatMap(({ flag }) => (flag === undefined ? [] : [flagProperty(flag)])));

/** Throws `config` with one line for each mistake. */
export function loadConfig({ config: named, ...flags }: ConfigFlags, { env, cwd }: ConfigSurroundings): Config {
  const file = named ?? nonEmpty(env['MCPGATE_CONFIG']);
  const layers = file === undefined ? {} : readConfigFile(resolve(cwd, file), file);
  for (const name of Object.keys(flags)) {
    if (!FLAG_PROPERTIES.has(name)) throw new Error(`no key has a flag that is called ${name}`);
  }
  const origins = new Map<string, string>();
  for (const key of CONFIG_KEYS) {
    // In ascending order of precedence: the later one overwrites the earlier one.
    const sources: [string | undefined, unknown][] = [
      [key.env, key.env && nonEmpty(env[key.env])],
      [key.flag && flagName(key.flag), key.flag && flags[flagProperty(key.flag)]],
    ];
    for (const [origin, value] of sources) {
      if (origin === undefined || value === undefined) continue;
      origins.set(key.path.join('.'), origin);
      setIn(layers, key.path, inDirectory(cwd, key, value));
    }
  }

  const checked = ConfigSchema.safeParse(layers);
  if (!checked.success) {
    const lines = checked.error.issues.map((issue) => {
      const name = issue.path.filter((part) => typeof part === 'string').join('.');
      const flag = CONFIG_KEYS.find(({ path }) => path.join('.') === name)?.flag;
      const origin = origins.get(name);
      const missing = issue.input === undefined && origin === undefined;
      return `${origin ?? (flag && flagName(flag)) ?? name}: ${missing ? 'is missing' : issue.message}`;
    });
    throw new GateError('config', lines.join('\n'));
  }
  const { data: dataDir, ...values } = checked.data;
  for (const tlsFile of values.tls === undefined ? [] : Object.values(values.tls)) {
    if (!existsSync(tlsFile)) throw new GateError('config', `tls: ${tlsFile} does not exist`);
  }
  const data = resolve(cwd, dataDir);
  return {
    ...values,
    data,
    master_key_file: values.master_key_file ?? join(data, 'master.key'),
    file: file === undefined ? undefined : resolve(cwd, file),
  };
}

/**
 * Throws `config` where the broker would listen without TLS on an address that other computers reach, so that tokens could be read on the
 * way.
 */
export function assertNotExposed(config: Config): void {
  if (config.tls !== undefined || config.behind_proxy.length > 0 || isLoopback(config.listen.host)) return;
  throw new GateError(
    'config',
    `listen: ${config.listen.host} can be reached from other machines, and without TLS anyone between could read tokens. ` +
      'Give --tls-cert and --tls-key, or --behind-proxy CIDR with the address of the proxy that ends TLS, or listen on 127.0.0.1.',
  );
}

function readConfigFile(file: string, shownAs: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const text = `${shownAs}: cannot read the configuration file: ${fileFault(error)}`;
    throw new GateError('config', text, { cause: error });
  }
  const values = parseConfigFile(shownAs, text);
  for (const key of CONFIG_KEYS) {
    const value = getIn(values, key.path);
    if (value !== undefined) setIn(values, key.path, inDirectory(dirname(file), key, value));
  }
  return values;
}

const inDirectory = (directory: string, key: ConfigKey, value: unknown): unknown =>
  key.form === path && typeof value === 'string' ? resolve(directory, value) : value;

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

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

/** What all sources have written, by key, before it is checked together; and where each value came from that is not of the file. */
interface Layers {
  values: Record<string, unknown>;
  origins: ReadonlyMap<string, string>;
  file: string | undefined;
  cwd: string;
}

/** Of each configuration that was made here: what it was made of. */
const layersOf = new WeakMap<Config, Layers>();

/** Throws `config` with one line for each mistake. */
export function loadConfig(flags: ConfigFlags, surroundings: ConfigSurroundings): Config {
  return configOf(readLayers(flags, surroundings));
}

export interface ReloadedConfig {
  /** As it was, but for the keys that a reload can change. */
  config: Config;
  /** Names of keys that are others now, and of those that are others only from the next start on. */
  changed: string[];
  needsRestart: string[];
}

/** Reads all sources again. Throws as `loadConfig` does: `before` is good as it was then. */
export function reloadConfig(before: Config, flags: ConfigFlags, surroundings: ConfigSurroundings): ReloadedConfig {
  const fresh = readLayers(flags, surroundings);
  // All of it is checked, also what only the next start takes.
  assertNotExposed(configOf(fresh));
  const was = layersOf.get(before);
  if (was === undefined) throw new Error('the configuration was not loaded here');
  const different = CONFIG_KEYS.filter(
    ({ path }) => JSON.stringify(getIn(was.values, path)) !== JSON.stringify(getIn(fresh.values, path)),
  );
  const values = structuredClone(was.values);
  const origins = new Map(was.origins);
  for (const { path, reloads } of different) {
    if (reloads !== true) continue;
    setIn(values, path, getIn(fresh.values, path));
    const [name, origin] = [path.join('.'), fresh.origins.get(path.join('.'))];
    if (origin === undefined) origins.delete(name);
    else origins.set(name, origin);
  }
  const names = (reloads: boolean) =>
    different.filter((key) => (key.reloads === true) === reloads).map(({ path }) => path.join('.'));
  return { config: configOf({ ...was, values, origins }), changed: names(true), needsRestart: names(false) };
}

/** What was written for each key, before defaults were filled in, and what has set it where that was not the file. */
export function writtenValues(config: Config): {
  valueOf: (path: readonly string[]) => unknown;
  originOf: (name: string) => string | undefined;
} {
  const layers = layersOf.get(config);
  if (layers === undefined) throw new Error('the configuration was not loaded here');
  return { valueOf: (path) => getIn(layers.values, path), originOf: (name) => layers.origins.get(name) };
}

function readLayers({ config: named, ...flags }: ConfigFlags, { env, cwd }: ConfigSurroundings): Layers {
  const file = named ?? nonEmpty(env['MCPGATE_CONFIG']);
  const values = file === undefined ? {} : readConfigFile(resolve(cwd, file), file);
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
      setIn(values, key.path, inDirectory(cwd, key, value));
    }
  }
  return { values, origins, file: file === undefined ? undefined : resolve(cwd, file), cwd };
}

function configOf(layers: Layers): Config {
  const { values: written, origins, file, cwd } = layers;
  const checked = ConfigSchema.safeParse(written);
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
  const config: Config = {
    ...values,
    data,
    master_key_file: values.master_key_file ?? join(data, 'master.key'),
    file,
  };
  layersOf.set(config, layers);
  return config;
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

// Looks for what keeps a broker from starting with a configuration file, by the functions that `start` asks: nothing is opened, made or listened on.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileFault } from 'mcpgate-shared/file-fault';
import { GateError } from 'mcpgate-shared/error';
import { parse } from 'yaml';
import { namesBelow } from './key-list.ts';
import { assertNotExposed, loadConfig, type Config, type ConfigSurroundings } from './load-config.ts';
import { secretFilesOf } from './source-settings.ts';
import { expiryProblem, readTlsFiles } from './tls-files.ts';

/** Whether the text is a broker's own configuration, and no configuration as code: that says its version, and names nothing that a broker has. */
export function isBrokerConfiguration(text: string): boolean {
  let value: unknown;
  try {
    // What is wrong with it is told by whoever reads it.
    value = parse(text, { uniqueKeys: false, logLevel: 'silent' });
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null || 'version' in value) return false;
  // Both have `secrets`.
  const own = new Set(namesBelow([]).filter((name) => name !== 'secrets'));
  return Object.keys(value).some((name) => own.has(name));
}

/** One line for each mistake; `config` where all of it could be read. */
export function checkConfiguration(
  file: string,
  surroundings: ConfigSurroundings,
  now: number,
): { mistakes: string[]; config: Config | undefined } {
  const mistakes: string[] = [];
  const tried = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      mistakes.push(...error.message.split('\n'));
      return undefined;
    }
  };
  const config = tried(() => loadConfig({ config: file }, surroundings));
  if (config === undefined) return { mistakes, config };
  tried(() => assertNotExposed(config));
  const { tls } = config;
  const pair = tls && tried(() => readTlsFiles(tls));
  const expired = tls && pair && expiryProblem(tls, pair, now);
  if (expired !== undefined) mistakes.push(expired);
  // The master key is made at the first start, and the TLS key and this file have been read.
  const read = new Set([config.master_key_file, tls?.keyFile, config.file]);
  for (const secret of secretFilesOf(config).filter((each) => !read.has(each))) {
    try {
      readFileSync(secret);
    } catch (error) {
      mistakes.push(`${secret} cannot be read: ${fileFault(error)}`);
    }
  }
  for (const place of config.audit.checkpoints) {
    if (place.kind !== 'file') continue;
    const folder = dirname(place.path);
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      mistakes.push(
        `audit.checkpoints: there is no folder ${folder}, and the broker makes none: make it, for its user`,
      );
  }
  return { mistakes, config };
}

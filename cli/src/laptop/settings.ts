// Writes `config.json` (0600) with the library `conf`: atomically, and merged with the present content. Only commands load it.
import { mkdirSync } from 'node:fs';
import { GateError } from 'mcpgate-shared/error';
import { readSettings, settingsPath, type Settings } from './settings-file.ts';

export interface SettingsStore {
  /** The settings as they are on disk now. Throws `config` where the file is broken. */
  read(): Settings;
  /** Sets the given keys, removes those that are `undefined`, keeps the others. */
  update(changes: { [Key in keyof Settings]: Settings[Key] | undefined }): Promise<void>;
}

export function createSettingsStore(configDir: string): SettingsStore {
  return {
    read: () => readSettings(configDir),
    async update(changes) {
      readSettings(configDir);
      const { default: Conf } = await import('conf');
      try {
        mkdirSync(configDir, { recursive: true, mode: 0o700 });
        const conf = new Conf<Record<string, unknown>>({
          cwd: configDir,
          configName: 'config',
          configFileMode: 0o600,
          accessPropertiesByDotNotation: false,
        });
        const merged = new Map(Object.entries({ ...conf.store, ...changes }));
        conf.store = Object.fromEntries([...merged].filter(([, value]) => value !== undefined));
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        throw new GateError('config', `cannot write ${settingsPath(configDir)}: ${detail}`, { cause: error });
      }
    },
  };
}

// Prepares the data folder: makes it at the first start, with mode 0700, and refuses one that others can read or that belongs to something else.
import { chmodSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { GateError } from 'mcpgate-shared/error';

/** Makes `dataDir` where it does not exist. Throws `config` where it cannot be used. */
export function prepareDataDirectory(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const state = statSync(dataDir);
    if (!state.isDirectory()) throw new GateError('config', `data: ${dataDir} is not a folder`);
    if (process.platform === 'win32' || (state.mode & 0o077) === 0) return;
    // Closing a folder that is used for something else (`--data /tmp`) would lock others out of it.
    const names = readdirSync(dataDir).filter((name) => name !== 'lost+found');
    if (names.length > 0 && !names.includes('broker.lock')) {
      throw new GateError(
        'config',
        `data: ${dataDir} can be read by others and holds other files; name a folder of the broker's own`,
      );
    }
    chmodSync(dataDir, 0o700);
  } catch (error) {
    if (error instanceof GateError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new GateError(
      'config',
      `data: ${dataDir} cannot be made or used (${reason}); name another folder with --data`,
      { cause: error },
    );
  }
}

// Opens a page in the person's browser, if there is one on this computer.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Environment } from './settings-file.ts';

export interface Browser {
  /** False over SSH, in CI and where there is no display. */
  readonly available: boolean;
  /** Returns whether a browser was started; never throws. */
  open(url: string): Promise<boolean>;
}

const set = (env: Environment, name: string): boolean => env[name] !== undefined && env[name] !== '';

/** Whether the person would see a browser that is started here. */
export function canOpenBrowser(env: Environment, platform: NodeJS.Platform): boolean {
  if (['SSH_CONNECTION', 'SSH_CLIENT', 'SSH_TTY'].some((name) => set(env, name))) return false;
  if (set(env, 'CI') && env['CI'] !== 'false') return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'].some((name) => set(env, name));
}

/** Starts a browser: the first program in the list that the variable `BROWSER` holds, with `%s` for the URL, else the desktop's choice. */
async function start(browser: string | undefined, url: string): Promise<ChildProcess> {
  const [program = '', ...words] =
    (browser ?? '').split(process.platform === 'win32' ? ';' : ':', 1)[0]?.split(/\s+/) ?? [];
  if (program === '') {
    const { default: open } = await import('open');
    return open(url);
  }
  const args = words.includes('%s') ? words.map((word) => (word === '%s' ? url : word)) : [...words, url];
  return spawn(program, args, { detached: true, stdio: 'ignore' });
}

export function createBrowser(env: Environment, platform: NodeJS.Platform): Browser {
  return {
    available: canOpenBrowser(env, platform),
    async open(url) {
      try {
        const child = await start(env['BROWSER'], url);
        // A browser that is missing or fails must not end the login, because the URL is on the screen too.
        child.on('error', () => undefined);
        child.unref();
        return true;
      } catch {
        return false;
      }
    },
  };
}

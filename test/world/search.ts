// Searching a folder and the process list by value: how a test shows that a secret is nowhere.
import { globSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';

function files(folder: string): string[] {
  return globSync(['**/*', '**/.*/**', '**/.*'], { cwd: folder })
    .map((name) => join(folder, name))
    .filter(
      (path, index, all) =>
        all.indexOf(path) === index && lstatSync(path, { throwIfNoEntry: false })?.isFile() === true,
    )
    .sort();
}

/** The files under `folder` that hold one of `values`, plainly or as base64. */
export function filesHolding(folder: string, values: readonly string[]): string[] {
  const needles = values.flatMap((value) => [
    Buffer.from(value),
    Buffer.from(Buffer.from(value).toString('base64').slice(0, -4)),
  ]);
  return files(folder).filter((path) => {
    const content = readFileSync(path);
    return needles.some((needle) => content.includes(needle));
  });
}

/** Path to modification time of the files whose name fits. */
export function fileTimes(folder: string, pattern: RegExp): Record<string, number> {
  const fitting = files(folder).filter((path) => pattern.test(path));
  return Object.fromEntries(fitting.map((path) => [path, statSync(path).mtimeMs]));
}

/** Everything that `ps` shows of every process: command lines and environments. */
export async function processListing(): Promise<string> {
  const { stdout } = await runCommand(['ps', 'auxeww'], { env: { PATH: '/usr/bin:/bin' } });
  return stdout;
}

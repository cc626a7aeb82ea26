// Stands in for a person's browser: a program for `BROWSER` that only writes down the pages which the laptop has it open. The test then opens them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface OpenedPages {
  /** The variables of a desktop on which it is the browser. */
  readonly env: Record<string, string>;
  /** The addresses it was to open, in order. */
  urls(): string[];
}

export function createOpenedPages(folder: string): OpenedPages {
  const program = join(folder, 'browser.sh');
  const log = join(folder, 'opened-pages');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${log}'\n`, { mode: 0o755 });
  return {
    env: { DISPLAY: ':77', BROWSER: program },
    urls: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []),
  };
}

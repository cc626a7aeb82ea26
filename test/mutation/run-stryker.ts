// Runs StrykerJS over one area in a copy of the repository, and returns what came of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../step.ts';
import type { MutationArea } from './areas.ts';
import { readOutcome, type Equivalent, type Outcome } from './outcome.ts';
import { makeSandbox } from './sandbox.ts';

/** What the last runs found, for the next ones: only what has changed is tried again. */
const CACHE = join(REPOSITORY, 'node_modules/.cache/mutate');
const STRYKER = join(REPOSITORY, 'node_modules/@stryker-mutator/core/bin/stryker.js');

export interface RunOptions {
  /** Tries every mutant again. */
  fresh: boolean;
  equivalents: readonly Equivalent[];
}

/** Undefined: Stryker could not do it, and has said why. */
export async function runStryker(name: string, area: MutationArea, options: RunOptions): Promise<Outcome | undefined> {
  mkdirSync(CACHE, { recursive: true });
  const { folder, temporary } = makeSandbox();
  try {
    const reportFile = join(folder, 'mutants.json');
    const config = {
      testRunner: 'node-test',
      plugins: [join(REPOSITORY, 'test/mutation/stryker-runner.ts')],
      mutate: [...area.sources, '!**/*.test.ts'],
      mutator: { excludedMutations: area.except ?? [] },
      nodeTest: {
        testFiles: area.tests,
        // Each of them has the same tests on SQLite, which is faster.
        without: [...(area.without ?? []), 'on PostgreSQL'],
      },
      inPlace: true,
      disableTypeChecks: false,
      concurrency: 1,
      // On a busy machine a slow mutant is not one that hangs.
      timeoutMS: 8_000,
      incremental: true,
      force: options.fresh,
      incrementalFile: join(CACHE, `${name}.json`),
      reporters: ['json', process.stdout.isTTY ? 'progress' : 'progress-append-only'],
      jsonReporter: { fileName: reportFile },
      fileLogLevel: 'off',
      logLevel: 'warn',
      warnings: { slow: false },
    };
    writeFileSync(join(folder, 'stryker.json'), JSON.stringify(config));
    const env = { ...process.env, TMPDIR: temporary };
    const stryker = spawn(process.execPath, [STRYKER, 'run', 'stryker.json'], { cwd: folder, env, stdio: 'inherit' });
    const [code]: unknown[] = await once(stryker, 'close');
    return code === 0 ? readOutcome(reportFile, options.equivalents) : undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

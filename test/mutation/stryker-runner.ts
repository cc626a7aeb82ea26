// The test runner that Stryker loads into its worker: tests of `node:test`, in the process that holds the mutants. Stryker ends the
// process where a mutant hangs, and starts a new one for each mutant that is at work while the sources are loaded.
import { globSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MutantCoverage, StrykerOptions } from '@stryker-mutator/api/core';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
  type CompleteDryRunResult,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
} from '@stryker-mutator/api/test-runner';
import { registerTests, runTests, type RegisteredTest } from './registry.ts';

/** What the instrumented sources read and write. */
interface Instrumentation {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: MutantCoverage;
}

const instrumentation: Instrumentation = {};
Object.assign(globalThis, { __stryker__: instrumentation });

const REGISTRY = new URL('registry.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === 'node:test' && context.parentURL !== REGISTRY ? REGISTRY : specifier, context),
});

class NodeTestRunner implements TestRunner {
  static inject = tokens(commonTokens.options);
  readonly #files: readonly string[];
  readonly #without: readonly string[];
  #tests: Promise<readonly RegisteredTest[]> | undefined;

  constructor(options: StrykerOptions) {
    const { testFiles, without } = options['nodeTest'] as Record<'testFiles' | 'without', readonly string[]>;
    this.#without = without;
    this.#files = [...new Set(testFiles.flatMap((pattern) => globSync(pattern)))];
  }

  capabilities() {
    return { reloadEnvironment: false };
  }

  async dryRun({ disableBail }: { disableBail: boolean }): Promise<CompleteDryRunResult> {
    const tests = await this.#run(await this.#load(), disableBail);
    const { mutantCoverage } = instrumentation;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage !== undefined && { mutantCoverage }) };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    if (options.mutantActivation === 'static') instrumentation.activeMutant = options.activeMutant.id;
    const all = await this.#load();
    const chosen = options.testFilter === undefined ? all : all.filter(({ id }) => options.testFilter?.includes(id));
    Object.assign(instrumentation, {
      activeMutant: options.activeMutant.id,
      hitCount: options.hitLimit === undefined ? undefined : 0,
      hitLimit: options.hitLimit,
    });
    const tests = await this.#run(chosen, options.disableBail);
    instrumentation.activeMutant = undefined;
    const endless = determineHitLimitReached(instrumentation.hitCount, options.hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests });
  }

  async #load(): Promise<readonly RegisteredTest[]> {
    this.#tests ??= registerTests(this.#files, (file) => import(pathToFileURL(resolve(file)).href));
    return (await this.#tests).filter(({ id }) => !this.#without.some((words) => id.includes(words)));
  }

  async #run(chosen: readonly RegisteredTest[], disableBail: boolean): Promise<TestResult[]> {
    const results: TestResult[] = [];
    await runTests(chosen, async ({ id, file }, run) => {
      const startedAt = performance.now();
      instrumentation.currentTestId = id;
      const error = await outcomeOf(run);
      instrumentation.currentTestId = undefined;
      const told = { id, name: id, fileName: resolve(file), timeSpentMs: performance.now() - startedAt };
      if (error === undefined) results.push({ ...told, status: TestStatus.Success });
      else results.push({ ...told, status: TestStatus.Failed, failureMessage: error });
      return error === undefined || disableBail;
    });
    return results;
  }
}

/** Why `run` failed; also for what it threw where nobody waited. */
function outcomeOf(run: () => Promise<void>): Promise<string | undefined> {
  return new Promise((settle) => {
    const events = ['uncaughtException', 'unhandledRejection'] as const;
    const end = (error?: { reason: unknown }) => {
      for (const event of events) process.off(event, fail);
      settle(error === undefined ? undefined : String(error.reason));
    };
    const fail = (reason: unknown) => end({ reason });
    for (const event of events) process.on(event, fail);
    run().then(() => end(), fail);
  });
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'node-test', NodeTestRunner)];
export const strykerValidationSchema = { properties: { nodeTest: { type: 'object' } } };

// Stands in for `node:test` while sources are broken on purpose: it keeps the tests that the files register, so that one process that
// has loaded everything once can run any of them again and again. A process of its own for each mutant and test file would take hours.
import { mock } from 'node:test';
import { ownResources, unlessDead } from './dead-wait.ts';

type Hook = () => unknown;
type Body = (t: Context) => unknown;
const HOOKS = ['before', 'after', 'beforeEach', 'afterEach'] as const;

interface Suite extends Record<(typeof HOOKS)[number], Hook[]> {
  name: string;
  parent: Suite | undefined;
}

export interface RegisteredTest {
  id: string;
  file: string;
  suite: Suite;
  body: Body;
}

/** What tests of this repository use of `TestContext`. */
interface Context {
  name: string;
  signal: AbortSignal;
  mock: typeof mock;
  after(hook: Hook): void;
  diagnostic(text: string): void;
}

const newSuite = (name: string, parent?: Suite): Suite => ({
  name,
  parent,
  before: [],
  after: [],
  beforeEach: [],
  afterEach: [],
});
const tests: RegisteredTest[] = [];
let currentFile = '';
let current = newSuite('');
let own: readonly string[] = [];

/** Loads test files one after the other; returns what they registered. */
export async function registerTests(
  files: readonly string[],
  load: (file: string) => Promise<unknown>,
): Promise<readonly RegisteredTest[]> {
  for (const file of files) {
    currentFile = file;
    current = newSuite(file);
    await load(file);
  }
  own = ownResources();
  return tests;
}

const bodyOf = (rest: readonly unknown[]): Body => {
  const body = rest.at(-1);
  if (typeof body === 'function') return body as Body;
  throw new TypeError(`a test of ${currentFile} has no body`);
};

export function test(name: string, ...rest: readonly unknown[]): void {
  const path = [name];
  for (let suite: Suite | undefined = current; suite !== undefined; suite = suite.parent) path.unshift(suite.name);
  const id = path.join(' › ');
  const same = tests.filter((each) => each.id === id || each.id.startsWith(`${id} #`)).length;
  tests.push({ id: same === 0 ? id : `${id} #${same + 1}`, file: currentFile, suite: current, body: bodyOf(rest) });
}

export function describe(name: string, ...rest: readonly unknown[]): void {
  const outer = current;
  current = newSuite(name, outer);
  try {
    void (bodyOf(rest) as Hook)();
  } finally {
    current = outer;
  }
}

export { test as it, describe as suite, mock };
export const before = (hook: Hook) => void current.before.push(hook);
export const after = (hook: Hook) => void current.after.push(hook);
export const beforeEach = (hook: Hook) => void current.beforeEach.push(hook);
export const afterEach = (hook: Hook) => void current.afterEach.push(hook);

const suitesOf = (suite: Suite | undefined): Suite[] => (suite === undefined ? [] : [...suitesOf(suite.parent), suite]);

/** Runs `chosen` in order. `around` runs each of them; where it says false, what is left is not run. */
export async function runTests(
  chosen: readonly RegisteredTest[],
  around: (test: RegisteredTest, run: () => Promise<void>) => Promise<boolean>,
): Promise<void> {
  let entered: Suite[] = [];
  const leaveTo = async (kept: readonly Suite[]) => {
    for (const suite of entered.toReversed()) if (!kept.includes(suite)) for (const hook of suite.after) await hook();
    entered = entered.filter((suite) => kept.includes(suite));
  };
  for (const each of chosen) {
    const path = suitesOf(each.suite);
    await leaveTo(path);
    const goOn = await around(each, async () => {
      for (const suite of path) {
        if (entered.includes(suite)) continue;
        entered.push(suite);
        for (const hook of suite.before) await hook();
      }
      await runTest(each, path);
    });
    if (!goOn) break;
  }
  await leaveTo([]);
}

async function runTest({ id, body }: RegisteredTest, path: readonly Suite[]): Promise<void> {
  const cleanup: Hook[] = [];
  const stopped = new AbortController();
  const context: Context = {
    name: id,
    signal: stopped.signal,
    mock,
    after: (hook) => void cleanup.push(hook),
    diagnostic: () => undefined,
  };
  let failure: { error: unknown } | undefined;
  const attempt = async (hook: Hook) => {
    try {
      await unlessDead(Promise.resolve(hook()), { own });
    } catch (error) {
      failure ??= { error };
    }
  };
  for (const hook of path.flatMap((suite) => suite.beforeEach)) await attempt(hook);
  if (failure === undefined) await attempt(() => body(context));
  for (const hook of [...cleanup, ...path.toReversed().flatMap((suite) => suite.afterEach)]) await attempt(hook);
  mock.reset();
  stopped.abort();
  if (failure !== undefined) throw failure.error;
}

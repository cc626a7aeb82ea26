// `npm test [WORD…]`: what the machine must have, the build, the checks, then every test (or the files whose path holds a word).
// The last line is always `N passed, N failed`, and the exit code follows it.
import { runChecks } from './checks.ts';
import { startPostgres } from './postgres.ts';
import { ensurePrerequisites } from './prerequisites.ts';
import { closedToOthers, runInReachableCopy } from './reachable-copy.ts';
import { REPOSITORY, runStep, stepLine } from './step.ts';
import { findTestFiles, runTestFiles, type TestFailure } from './test-files.ts';

const words = process.argv.slice(2);
const write = (text: string) => void process.stdout.write(text);
const failures: TestFailure[] = [];
let passed = 0;

const closed = process.getuid?.() === 0 ? closedToOthers() : undefined;
if (closed !== undefined) {
  write(`${closed} is closed to other users, whom stdio servers run as; testing a copy in an open folder\n`);
  process.exit(runInReachableCopy(words));
}

// Every process of the run and their children find compiled what one of them has compiled: a seventh of the CPU time.
process.env['NODE_COMPILE_CACHE'] ??= `${REPOSITORY}node_modules/.cache/compiled`;

const count = (name: string, ok: boolean, message: string) => {
  if (ok) passed += 1;
  else failures.push({ file: 'npm test', name, message });
};

count('prerequisites', await ensurePrerequisites(write), 'programs are missing; they are listed above');
if (failures.length === 0) {
  const built = await runStep({ name: 'build', command: ['node', 'build.mjs'] });
  write(`${stepLine(built)}\n`);
  count('build', built.ok, built.output);
  process.env['MCPGATE_TEST_BUILT'] = '1'; // world/programs.ts
}
if (failures.length === 0) {
  const postgres = await startPostgres();
  process.env['MCPGATE_TEST_POSTGRES_URL'] = postgres.url; // one server for every file: postgres.ts
  if (words.length === 0)
    for (const { name, ok, output } of await runChecks(write)) count(`check: ${name}`, ok, output);
  const totals = await runTestFiles(findTestFiles(words), write);
  passed += totals.passed;
  failures.push(...totals.failures);
  await postgres.stop();
}

for (const { file, name, message } of failures)
  write(`\n✗ ${file}: ${name}\n${message.trimEnd().replace(/^/gm, '    ')}\n`);
write(`\n${passed} passed, ${failures.length} failed\n`);
process.exit(failures.length === 0 ? 0 : 1);

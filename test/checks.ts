// What `npm run check` looks at: format, lint, types, dead code and the import rules. Two at a time, one line each.
import { runStep, stepLine, type Step, type StepResult } from './step.ts';

/** What has not changed since the last run is not looked at again. */
const CACHE = 'node_modules/.cache';
/** Of several, each works out again what all files share, and two steps run at a time as it is: a quarter of the CPU time. */
const ONE_CHECKER = ['--checkers', '1'];

const STEPS: readonly Step[] = [
  {
    name: 'types (tsc)',
    command: ['tsc', '--noEmit', '-p', '.', ...ONE_CHECKER, '--incremental', '--tsBuildInfoFile', `${CACHE}/tsc.json`],
  },
  {
    name: 'types of the dashboard (tsc)',
    command: [
      'tsc',
      '--noEmit',
      '-p',
      'broker/dashboard',
      ...ONE_CHECKER,
      '--incremental',
      '--tsBuildInfoFile',
      `${CACHE}/tsc-dashboard.json`,
    ],
  },
  { name: 'lint (oxlint, type-aware)', command: ['oxlint', '--type-aware', '--threads=1', '.'] },
  {
    name: 'format (prettier)',
    command: [
      'prettier',
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      `${CACHE}/prettier/checks`,
      '.',
    ],
  },
  { name: 'dead code (knip)', command: ['knip', '--no-progress'] },
  { name: 'import rules', command: ['node', '--test', '--test-reporter=spec', 'test/rules/*.test.ts'] },
];

/** Runs all checks, writes a readable line for each, and the output of those that failed. */
export async function runChecks(write: (text: string) => void): Promise<StepResult[]> {
  const waiting = [...STEPS];
  const results: StepResult[] = [];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const result = await runStep(step);
      results.push(result);
      write(`${stepLine(result)}\n`);
    }
  };
  await Promise.all([worker(), worker()]);
  for (const { name, output } of results.filter(({ ok }) => !ok)) write(`\n── ${name} ──\n${output.trimEnd()}\n`);
  return results;
}

// Runs one tool as one step of a longer run: a line while it goes well, the tool's whole output where it does not.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('..', import.meta.url));

export interface Step {
  name: string;
  /** Program and arguments; `node` is the repository's own. */
  command: readonly [string, ...string[]];
}

export interface StepResult {
  name: string;
  ok: boolean;
  durationMs: number;
  output: string;
}

/** `node_modules/.bin` first, as npm scripts have it: so that a script run by hand uses the same tools. */
function toolEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return { ...process.env, PATH: `${REPOSITORY}node_modules/.bin:${PATH}`, NO_COLOR: '1', FORCE_COLOR: undefined };
}

/** Runs `step` in the repository's root. Never throws: a tool that cannot be started is a failed step. */
export function runStep(step: Step): Promise<StepResult> {
  const startedAt = performance.now();
  const [program, ...args] = step.command;
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: REPOSITORY, env: toolEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const finish = (ok: boolean) => resolve({ name: step.name, ok, durationMs: performance.now() - startedAt, output });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', (error) => {
      output += `${error.message}\n`;
      finish(false);
    });
    child.once('close', (code) => finish(code === 0));
  });
}

export function stepLine(result: StepResult): string {
  return `${result.ok ? '✓' : '✗'} ${result.name.padEnd(32)} ${(result.durationMs / 1000).toFixed(1)} s`;
}

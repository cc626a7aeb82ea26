// `server test`, and the test of what was just added.
import { serversApi } from 'mcpgate-shared/api/servers';
import type { TestStep } from 'mcpgate-shared/api/servers/server-results';
import type { AdminSession } from '../session/admin-session.ts';
import { withProgress } from '../terminal/progress.ts';

export async function stepsOf({ api, context }: AdminSession, name: string): Promise<TestStep[]> {
  const text = `Testing ${name}; one that hangs is given up after upstreams.start_timeout (Ctrl-C to stop)`;
  return await withProgress(context, text, () => api.call(serversApi.test, { params: { name } }));
}

export const hasFailed = (steps: readonly TestStep[]): boolean => steps.some(({ ok }) => !ok);

export function showSteps({ list }: AdminSession, steps: readonly TestStep[]): void {
  list(
    steps,
    ['', 'STEP', 'TIME', 'DETAIL'],
    (index) => {
      const step = steps[index];
      if (step === undefined) return [];
      const detail = step.next === null ? step.detail : `${step.detail}\n→ ${step.next}`;
      return [step.ok ? (step.warnings.length === 0 ? '✓' : '!') : '✗', step.step, `${step.ms} ms`, detail];
    },
    'nothing was tested',
    steps.flatMap(({ warnings }) => warnings.map((line) => `!  ${line}`)),
  );
}

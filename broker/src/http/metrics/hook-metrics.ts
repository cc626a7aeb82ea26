// What hooks were asked about calls, what they answered and how fast, and whether they are away.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Authorizer } from '../../hooks/authorizer.ts';

/** Returns the function that stops counting. */
export function registerHookMetrics(
  registry: Registry,
  authorizer: Pick<Authorizer, 'onAsked' | 'states'>,
): () => void {
  const registers = [registry];
  const answers = new Counter({
    name: 'mcpgate_hook_answers_total',
    help: 'What hooks were asked about calls, by decision and by where the answer came from',
    labelNames: ['workspace', 'hook', 'decision', 'source'],
    registers,
  });
  const duration = new Histogram({
    name: 'mcpgate_hook_duration_seconds',
    help: 'How long a hook took to answer, or was waited for',
    labelNames: ['workspace', 'hook'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  new Gauge({
    name: 'mcpgate_hook_away',
    help: '1 while a hook is not asked because it did not answer, and calls are denied therefore',
    labelNames: ['workspace', 'hook'],
    registers,
    collect() {
      this.reset();
      for (const { workspaceId: workspace, hook, isAway } of authorizer.states())
        this.set({ workspace, hook }, isAway ? 1 : 0);
    },
  });
  return authorizer.onAsked(({ workspaceId: workspace, hook, answer: { decision }, source, ms }) => {
    answers.inc({ workspace, hook, decision, source });
    if (source === 'hook' || source === 'none') duration.observe({ workspace, hook }, ms / 1000);
  });
}

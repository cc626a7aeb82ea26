// Calls over time by how they ended, as charts show them.
import type { Activity } from 'mcpgate-shared/api/dashboard/activity';
import type { RatePoint, Series } from './chart-drawn.tsx';

type Step = Activity['minutes'][number];

export const CALL_SERIES: readonly Series[] = [
  { name: 'ok', label: 'Answered', color: 'var(--gate-series-ok)' },
  { name: 'toolErrors', label: 'Tool errors', color: 'var(--gate-series-warn)' },
  { name: 'failed', label: 'Failed', color: 'var(--gate-series-danger)' },
  { name: 'denied', label: 'Denied', color: 'var(--gate-series-denied)' },
];

const pointOf = ({ at, calls, tool_errors: toolErrors, failed, denied }: Step): RatePoint => ({
  at: Date.parse(at),
  ok: calls - toolErrors - failed - denied,
  ...{ toolErrors, failed, denied },
});

/**
 * A point each step; what came before the first one, as far as `count` steps reach back, has no figures, not zeros: a bar of a broker that has just
 * started stands at the end, not alone in the middle of nothing.
 */
export function callPoints(steps: readonly Step[], { stepMs, count }: { stepMs: number; count: number }): RatePoint[] {
  return [...unknownBefore(steps, { stepMs, count }), ...steps.map(pointOf)];
}

export function unknownBefore(
  steps: readonly Pick<Step, 'at'>[],
  { stepMs, count }: { stepMs: number; count: number },
): { at: number }[] {
  const first = Date.parse(steps[0]?.at ?? new Date().toISOString());
  const missing = Math.max(0, count - steps.length);
  return Array.from({ length: missing }, (_, index) => ({ at: first - (missing - index) * stepMs }));
}

/** Steps of several minutes, whole ones of the clock: what happened in each. */
export function together(minutes: readonly Step[], stepMs: number): Step[] {
  const groups = Map.groupBy(minutes, ({ at }) => Math.floor(Date.parse(at) / stepMs) * stepMs);
  return [...groups].map(([at, of]) => {
    const sum = (name: 'calls' | 'tool_errors' | 'failed' | 'denied') => of.reduce((all, each) => all + each[name], 0);
    return {
      at: new Date(at).toISOString(),
      ...{ calls: sum('calls'), tool_errors: sum('tool_errors'), failed: sum('failed'), denied: sum('denied') },
    };
  });
}

// The report for an audit. It asks the functions that decide and list, and the log; nothing of it is worked out a second time.
import type { z } from 'zod';
import { adminTokensApi } from 'mcpgate-shared/api/admin-tokens';
import { reportApi, type Report } from 'mcpgate-shared/api/audit/report';
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { secretsApi } from 'mcpgate-shared/api/secrets';
import { usersApi } from 'mcpgate-shared/api/users';
import { GateError } from 'mcpgate-shared/error';
import type { LogSummary } from '../../audit/export/summary.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { BEGUN, Page, streamOperation, type Caller, type Operation } from '../operation.ts';
import { ruleMatrix } from '../rules/preview-operations.ts';
import { archivesOf } from './archives-of.ts';
import { createReadLog } from './audit-reads.ts';

type Needs = Pick<AdminDependencies, 'audit' | 'proofs' | 'store' | 'people' | 'clock' | 'facts'>;
type ReportLine = z.input<typeof reportApi.report.answer>;

const isoOf = (ms: number): string => new Date(ms).toISOString();

/** `lists`: the operations that list what there is. */
export function reportOperations(parts: Needs, lists: readonly Operation[]): Operation[] {
  const { audit, proofs, clock, facts } = parts;
  const reads = createReadLog(audit, clock);

  /** All that an endpoint lists. An auditor reads here what they may not change there. */
  async function listed<A extends z.ZodType>(
    endpoint: Endpoint<z.ZodType, z.ZodType, z.ZodType, A>,
    caller: Caller,
    signal: AbortSignal,
  ): Promise<z.output<A>> {
    const found = lists.find((each) => each.endpoint.name === endpoint.name);
    if (found === undefined) throw new GateError('internal', `nothing lists ${endpoint.name}`);
    const { principal: _principal, ...asked } = caller;
    const items: unknown[] = [];
    for (let cursor: string | undefined; ;) {
      const query = cursor === undefined ? {} : { cursor };
      const answer = await found.run({ params: {}, query, body: undefined }, { ...asked, role: 'admin' }, signal);
      if (!(answer instanceof Page)) return endpoint.answer.parse(answer);
      items.push(...answer.items);
      cursor = answer.next;
      if (cursor === undefined) return endpoint.answer.parse(items);
    }
  }

  async function* report(
    { since, until }: z.output<typeof reportApi.report.query>,
    caller: Caller,
    signal: AbortSignal,
  ): AsyncGenerator<ReportLine | typeof BEGUN> {
    const { workspaceId } = caller;
    const now = clock.now();
    const span = { since: Date.parse(since), until: until === undefined ? now : Math.min(now, Date.parse(until)) };
    const steps = proofs.exports.summary(
      { workspaceId, ...span },
      signal,
      async () => await reads.note(caller, 'audit.reported', { since, until }),
    );
    let summary: LogSummary | undefined;
    let told = 0;
    for await (const step of steps) {
      if ('summary' in step) summary = step.summary;
      else if (step.records === 0) yield BEGUN;
      else if (step.records - told >= TELL_EVERY) yield { kind: 'progress', rows: (told = step.records) };
    }
    if (summary === undefined) return;
    const [access, rules, people, grants, tokens, secrets] = await Promise.all([
      ruleMatrix(parts, workspaceId, {}),
      listed(rulesApi.list, caller, signal),
      listed(usersApi.list, caller, signal),
      listed(grantsApi.list, caller, signal),
      listed(adminTokensApi.list, caller, signal),
      listed(secretsApi.list, caller, signal),
    ]);
    const archives = await archivesOf(parts, span);
    const { lastAt } = audit.checkpoints;
    yield {
      kind: 'report',
      report: {
        ...{ workspace: workspaceId, url: facts.url, version: facts.version },
        ...{ since: isoOf(span.since), until: isoOf(span.until), made_at: isoOf(now), made_by: caller.actor.name },
        last_checkpoint_at: lastAt === null ? null : isoOf(lastAt),
        ...{ access, rules, people, grants, admin_tokens: tokens, secrets },
        calls: summary.calls.map(({ firstAt, lastAt: last, ...call }) => ({
          ...{ ...call, first_at: isoOf(firstAt), last_at: isoOf(last) },
        })),
        events: summary.events.map(eventOf),
        event_counts: summary.eventCounts,
        archives: archives.map(({ name, since: from, until: to, rows }) => ({
          ...{ name, since: isoOf(from), until: isoOf(to), rows },
        })),
        left_out: summary.leftOut,
      },
    };
  }

  return [streamOperation(reportApi.report, ({ query }, caller, signal) => report(query, caller, signal))];
}

const TELL_EVERY = 20_000;

function eventOf(cells: LogSummary['events'][number]): Report['events'][number] {
  const text = (name: string): string => String(cells[name] ?? '');
  const textOrNull = (name: string): string | null => (cells[name] === null ? null : text(name));
  return {
    ...{ id: text('id'), ts: text('ts'), workspace_id: text('workspace_id'), type: text('type'), actor: text('actor') },
    ...{ subject: textOrNull('subject'), address: textOrNull('address') },
    data: JSON.parse(text('data') || '{}') as Report['events'][number]['data'],
  };
}

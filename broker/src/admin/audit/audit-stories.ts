// One record of the log with all that belongs to it: the rule as it was then and as it is now, who approved it, what the same session did around it.
import type { Story } from 'mcpgate-shared/api/audit';
import { ruleSentence } from 'mcpgate-shared/api/rules/rule-sentence';
import { GateError } from 'mcpgate-shared/error';
import { idSpan } from '../../audit/record-times.ts';
import { searchWhole } from '../../audit/search/search-whole.ts';
import type { CallRecord } from '../../domain/call-record.ts';
import type { AdminDependencies } from '../dependencies.ts';
import { toRule } from '../rules/rule-view.ts';
import { archivesOf } from './archives-of.ts';
import { coveringCheckpoint } from './covering-checkpoint.ts';

type Needs = Pick<AdminDependencies, 'audit' | 'store' | 'clock'>;

const AROUND = 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_APPROVALS = 100;
const MOST_AROUND = 1_000;
/** A search for a part of a story is followed for so many answers; a story is told in a few seconds. */
const MOST_PARTS = 20;

/** The record whose id is or begins with `id`, with its rows. Throws `not_found`, and `conflict` where several begin so. */
export async function recordOf(parts: Needs, workspaceId: string, id: string) {
  const found = await parts.audit.recordsOf(workspaceId, id);
  const [one, ...others] = found;
  if (one === undefined) {
    const archives = await archivesOf(parts, idSpan(id, {}));
    const where =
      archives.length === 0
        ? '`audit search --json` shows whole ids'
        : `rows of its time are in ${archives.map(({ name }) => name).join(', ')}`;
    throw new GateError('not_found', `the log has no record ${id}; ${where}`);
  }
  if (others.length > 0) {
    const ids = found.slice(0, 10).map(({ record }) => record.id);
    throw new GateError('conflict', `${found.length} records begin with ${id}: ${ids.join(', ')}`);
  }
  return one;
}

/** `id`: of a record, its beginning, or of a request for approval. Throws as `recordOf` does. */
export async function storyOf(parts: Needs, workspaceId: string, id: string): Promise<Story> {
  const { audit } = parts;
  const nothing = { call: null, event: null, rows: [], rule: null, approvals: [], session: [], checkpoint: null };
  if (id.startsWith('q_')) {
    const search = { workspaceId, subject: `request:${id}`, limit: MOST_APPROVALS };
    const records = await searchWhole((part) => audit.findEvents(part), search, MOST_PARTS);
    if (records.length > 0) return { ...nothing, approvals: records.toReversed() };
    throw new GateError('not_found', `the log has nothing of a request ${id}`);
  }
  const one = await recordOf(parts, workspaceId, id);
  const last = one.rows.at(-1);
  const checkpoint = last === undefined ? null : await coveringCheckpoint(parts, last);
  if (one.kind === 'event') return { ...nothing, event: one.record, rows: one.rows, checkpoint };
  const call = one.record;
  const [rule, approvals, session] = await Promise.all([
    ruleStory(parts, call),
    approvalsOf(parts, call),
    sessionAround(parts, call),
  ]);
  return { ...nothing, call, rows: one.rows, rule, approvals, session, checkpoint };
}

async function ruleStory(parts: Needs, call: CallRecord): Promise<Story['rule']> {
  const { audit, store, clock } = parts;
  const { rule: id, workspace_id: workspaceId } = call;
  if (id === null) return null;
  const until = Date.parse(call.ts) + 1;
  const asked = { workspaceId, subject: `rule:${id}`, until, limit: MOST_APPROVALS };
  const records = await searchWhole((part) => audit.findEvents(part), asked, MOST_PARTS);
  const said = records.find(({ type }) => type === 'rule.added' || type === 'rule.changed');
  const { rules } = await store.policy.snapshot(workspaceId);
  const now = rules.find((rule) => rule.id === id);
  const [was, noted] = [said?.data['sentence'], said?.data['note']];
  const older = said === undefined ? await archivesOf(parts, { until }) : [];
  return {
    id,
    was: typeof was === 'string' ? was : null,
    may_be_in: older.map(({ name }) => name),
    changed_by: said?.actor ?? null,
    changed_at: said?.ts ?? null,
    is: now === undefined ? null : ruleSentence(toRule(now, clock.now())),
    note_then: typeof noted === 'string' && noted !== '' ? noted : null,
    note_now: now?.note ?? null,
  };
}

async function approvalsOf({ audit }: Needs, call: CallRecord): Promise<Story['approvals']> {
  const at = Date.parse(call.ts);
  const times = { since: at - 7 * DAY_MS, until: at + DAY_MS };
  const search = { workspaceId: call.workspace_id, type: 'approval.*', ...times, limit: MOST_APPROVALS };
  const records = await searchWhole((part) => audit.findEvents(part), search, MOST_PARTS);
  const who = call.member === null ? `grant:${call.credential_label}` : `user:${call.member}`;
  return records
    .filter(({ data }) => data['tool'] === call.tool_name && data['who'] === who && data['rule'] === call.rule)
    .toReversed();
}

async function sessionAround({ audit }: Needs, call: CallRecord): Promise<Story['session']> {
  const at = Date.parse(call.ts);
  const user = call.member ?? `grant:${call.credential_label}`;
  const same = { workspaceId: call.workspace_id, user, session: call.session_id };
  const [earlier, later] = [
    { ...same, since: at - HOUR_MS, until: at + 1, limit: AROUND + 1 },
    { ...same, since: at, until: at + HOUR_MS, limit: MOST_AROUND },
  ];
  const before = await searchWhole((part) => audit.findCalls(part), earlier, MOST_PARTS);
  const after = await searchWhole((part) => audit.findCalls(part), later, MOST_PARTS);
  const around = [...before.toReversed(), ...after.toReversed().slice(0, AROUND + 1)];
  const ids = new Set([call.id]);
  return around.filter(({ id }) => !ids.has(id) && ids.add(id));
}

// The report as tables under the questions that an audit asks, in the words of SOC 2's common criteria. Both forms, the page and the CSV, are made of these.
import { ruleSentence } from '../rules/rule-sentence.ts';
import type { Report, ReportedCalls } from './report.ts';
import { detailsOf } from './change-text.ts';

export interface ReportTable {
  /** The name of its CSV file. */
  name: string;
  title: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What stands there where there is no row. */
  none: string;
}

export interface ReportSection {
  criterion: string;
  question: string;
  answer: string;
  tables: readonly ReportTable[];
}

type Event = Report['events'][number];

/** A call that its client cancelled is none of them: it says nothing of the server. `mcpgate_calls_total` is watched by the same ones (docs/metrics.md). */
const FAILED: readonly string[] = ['failed', 'timeout', 'unknown'];

const sum = (calls: readonly ReportedCalls[]): number => calls.reduce((total, each) => total + each.calls, 0);
const day = (ts: string | null): string => (ts === null ? '–' : `${ts.slice(0, 10)} ${ts.slice(11, 16)}`);
const list = (texts: readonly string[], most = 12): string =>
  texts.length <= most ? texts.join(', ') : `${texts.slice(0, most).join(', ')} and ${texts.length - most} more`;
const number = (count: number): string => count.toLocaleString('en-US');
const many = (count: number, one: string, more = `${one}s`): string => `${number(count)} ${count === 1 ? one : more}`;

export function reportSections(report: Report): ReportSection[] {
  const ofTypes = (pattern: RegExp): Event[] => report.events.filter(({ type }) => pattern.test(type));
  const countOf = (pattern: RegExp): number =>
    Object.entries(report.event_counts).reduce((total, [type, count]) => total + (pattern.test(type) ? count : 0), 0);
  const people = report.people.filter(({ disabled }) => !disabled);
  const denied = report.calls.filter(({ status, decision }) => status === 'denied' || decision === 'would_deny');
  const failed = report.calls.filter(({ status }) => FAILED.includes(status));
  const leaving = ofTypes(
    /^(?:user\.(?:disabled|removed)|device\.revoked|grant\.revoked|session\.ended|admin_token\.revoked|group\.disabled)$/,
  );
  const changes = ofTypes(
    /^(?:server|rule|enforcement|tool|bundle|hook|config|workspace|catalogue|proposal|database|signing_key|key)\./,
  );
  const secretEvents = ofTypes(/^secret\./);
  const approvals = ofTypes(/^approval\./);
  const watching = ofTypes(/^(?:audit|delivery)\./);
  return [
    {
      criterion: 'CC6.1',
      question: 'Who can reach which data and systems, and how are the credentials for them protected?',
      answer: `${many(people.length, 'person', 'people')} and ${many(report.grants.filter(({ state }) => state === 'active').length, 'active grant')} may use what the rules below allow (${report.access.enforcement === 'enforce' ? 'rules are enforced' : `rules are NOT enforced: ${report.access.enforcement}`}, policy version ${report.access.policy_version}). Nobody holds a credential of a server: ${many(report.secrets.length, 'secret')} ${report.secrets.length === 1 ? 'is' : 'are'} kept sealed, and put in on the way.`,
      tables: [
        accessTable(report),
        rulesTable(report),
        secretsTable(report),
        eventsTable('secret-changes', 'Changes of secrets', secretEvents, 'No secret was changed.'),
      ],
    },
    {
      criterion: 'CC6.2',
      question: 'How are people let in, and how do they lose access when they leave?',
      answer: `${many(countOf(/^login\.succeeded$/), 'login')} and ${many(countOf(/^login\.(?:failed|denied|refused|throttled)$/), 'refused login')}; ${many(countOf(/^user\.(?:disabled|removed)$/), 'person', 'people')} off-boarded. The details of an off-boarding say how many links were closed, calls cancelled and tokens revoked, and in how many milliseconds.`,
      tables: [
        peopleTable(report),
        grantsTable(report),
        eventsTable('off-boardings', 'Off-boardings and revocations', leaving, 'Nobody’s access was ended.'),
        eventsTable(
          'people-changes',
          'People let in and changed',
          ofTypes(/^(?:user\.(?!disabled|removed)|group\.(?!disabled)|grant\.issued|admin_token\.issued|client\.)/),
          'Nobody was let in or changed.',
        ),
        eventsTable('logins', 'Logins', ofTypes(/^login\./), 'Nobody logged in.'),
      ],
    },
    {
      criterion: 'CC6.3',
      question: 'Is access limited to what somebody needs, and approved by somebody else where it matters?',
      answer: `${many(sum(report.calls), 'call')} by ${many(new Set(report.calls.map(({ actor }) => actor)).size, 'caller')}; ${many(sum(denied), 'call')} denied by a rule; ${many(approvals.length, 'step')} of approvals.`,
      tables: [
        callsTable(report),
        deniedTable(denied),
        eventsTable('approvals', 'Approvals', approvals, 'Nothing had to be approved.'),
      ],
    },
    {
      criterion: 'CC7.2',
      question: 'Is it watched, would somebody notice, and can the record be trusted?',
      answer: `Every call has its row before it is forwarded; rows are chained, sealed and signed. The last signed checkpoint is of ${day(report.last_checkpoint_at)} UTC. The log was verified ${many(countOf(/^audit\.verified$/), 'time')}, and read ${many(countOf(/^audit\.(?:searched|followed|shown|exported|reported)$/), 'time')}; ${many(countOf(/^(?:auth|message|request|assertion)\.(?:rejected|refused)$/), 'request')} refused.`,
      tables: [
        failedTable(failed),
        eventsTable(
          'record',
          'The log: verified, exported, reported, unwritable',
          watching,
          'The log was neither verified nor exported.',
        ),
        countsTable(report),
      ],
    },
    {
      criterion: 'CC8.1',
      question: 'Who changed the system, what was it before, and what after?',
      answer: `${many(changes.length, 'change')} of servers, rules, tools and the configuration.`,
      tables: [eventsTable('changes', 'Changes', changes, 'Nothing was changed.')],
    },
  ];
}

function accessTable({ access, rules }: Report): ReportTable {
  const sentences = new Map(rules.map((rule) => [rule.id, ruleSentence(rule)]));
  const saidBy = (id: string): string => {
    const sentence = sentences.get(id);
    if (id === 'grant-bound') return 'the grant is not for it';
    return sentence === undefined ? id : `${id}: ${sentence}`;
  };
  return {
    name: 'access',
    title: 'Who may do what, and by which rule',
    columns: ['Who', 'What', 'Decision', 'By'],
    rows: access.rows.map(({ who, what, decisions, rules: by }) => [
      ...[list(who), list(what), decisions.join(' or ').replaceAll('_', ' ')],
      by.length === 0 ? 'no rule' : by.map(saidBy).join('; '),
    ]),
    none: 'There is nothing that anybody could be allowed.',
  };
}

const rulesTable = ({ rules }: Report): ReportTable => ({
  name: 'rules',
  title: 'Rules',
  columns: ['Rule', 'Says', 'Note', 'Managed by', 'Added by', 'On'],
  rows: rules.map((rule) => [
    ...[rule.id, ruleSentence(rule), rule.note ?? '', rule.managed_by ?? ''],
    ...[rule.created_by, day(rule.created_at)],
  ]),
  none: 'There is no rule: nobody may do anything.',
});

function secretsTable({ secrets, calls }: Report): ReportTable {
  const used = new Map<string, number>();
  for (const { secret_versions: versions, calls: count } of calls)
    for (const version of versions) used.set(version, (used.get(version) ?? 0) + count);
  const uses = (name: string): string =>
    [...used]
      .filter(([version]) => version.slice(0, version.lastIndexOf('@')) === name)
      .map(([version, count]) => `version ${version.slice(version.lastIndexOf('@') + 1)}: ${number(count)}`)
      .join(', ');
  const known = new Set(secrets.map(({ name }) => name));
  const removed = [...new Set([...used.keys()].map((version) => version.slice(0, version.lastIndexOf('@'))))];
  return {
    name: 'secrets',
    title: 'Secrets, their versions, and the calls that carried them',
    columns: ['Secret', 'Version now', 'From', 'Set on', 'Last used', 'Servers', 'Calls'],
    rows: [
      ...secrets.map(({ name, version, source, created_at: setAt, last_used_at: usedAt, servers }) => [
        ...[name, String(version), source, day(setAt), day(usedAt), list(servers), uses(name) || '–'],
      ]),
      ...removed.filter((name) => !known.has(name)).map((name) => [name, 'not kept now', '', '', '', '', uses(name)]),
    ],
    none: 'There is no secret.',
  };
}

function peopleTable({ people, calls }: Report): ReportTable {
  const of = (name: string): ReportedCalls[] => calls.filter(({ actor }) => actor === name);
  const last = (all: readonly ReportedCalls[]): string | null =>
    all.reduce<string | null>(
      (latest, each) => (latest === null || each.last_at > latest ? each.last_at : latest),
      null,
    );
  return {
    name: 'people',
    title: 'People',
    columns: ['Person', 'Role', 'Groups', 'Since', 'State', 'Calls', 'Last call'],
    rows: people.map(({ name, email, role, groups, created_at: since, disabled, disabled_at: disabledAt }) => [
      ...[email === null ? name : `${name} (${email})`, role, list(groups), day(since)],
      ...[disabled ? `disabled ${day(disabledAt)}` : 'active', number(sum(of(name))), day(last(of(name)))],
    ]),
    none: 'There is nobody.',
  };
}

const grantsTable = ({ grants, admin_tokens: tokens }: Report): ReportTable => ({
  name: 'grants',
  title: 'Grants and administration tokens',
  columns: ['Label', 'Whose', 'For', 'State', 'Issued by', 'On', 'Ends', 'Last used'],
  rows: [
    ...grants.map((each) => [
      ...[each.label, each.user ?? 'its own', list(each.servers), each.state, each.created_by, day(each.created_at)],
      ...[day(each.expires_at), day(each.last_used_at)],
    ]),
    ...tokens.map((each) => [
      ...[each.label, 'administration', each.role, each.state, each.created_by, day(each.created_at)],
      ...[day(each.expires_at), day(each.last_used_at)],
    ]),
  ],
  none: 'There are none.',
});

function callsTable({ calls }: Report): ReportTable {
  return {
    name: 'calls',
    title:
      'Calls by person and server (failed: with those that timed out or ended unknown; cancelled: by their client)',
    columns: ['Who', 'Server', 'Calls', 'Answered', 'Denied', 'Failed', 'Cancelled', 'Tools', 'First', 'Last'],
    rows: grouped(calls, ({ actor, server }) => [actor, server]).map(([[who = '', server = ''], some]) => {
      const by = (...statuses: string[]): string => number(sum(some.filter(({ status }) => statuses.includes(status))));
      return [
        ...[who, server, number(sum(some)), by('ok', 'tool_error'), by('denied')],
        ...[by(...FAILED), by('cancelled')],
        list(
          [...new Set(some.flatMap(({ tool }) => tool ?? []))].map((tool) => tool.replace(`${server}__`, '')),
          8,
        ),
        ...[day(earliest(some)), day(latest(some))],
      ];
    }),
    none: 'Nobody called anything.',
  };
}

const deniedTable = (denied: readonly ReportedCalls[]): ReportTable => ({
  name: 'denials',
  title: 'Denied calls',
  columns: ['Who', 'What', 'By', 'Calls', 'Last'],
  rows: grouped(denied, ({ actor, tool, server, rule, decision }) => [
    ...[actor, tool ?? server, `${rule ?? 'no rule allowed it'}${decision === 'would_deny' ? ' (only observed)' : ''}`],
  ]).map(([[who = '', what = '', by = ''], some]) => [who, what, by, number(sum(some)), day(latest(some))]),
  none: 'No call was denied.',
});

const failedTable = (failed: readonly ReportedCalls[]): ReportTable => ({
  name: 'failures',
  title: 'Calls that failed: those that timed out or ended unknown too, and not those that their client cancelled',
  columns: ['Server', 'What', 'Status', 'Calls', 'Last'],
  rows: grouped(failed, ({ server, tool, status }) => [server, tool ?? '', status]).map(
    ([[server = '', tool = '', status = ''], some]) => [server, tool, status, number(sum(some)), day(latest(some))],
  ),
  none: 'No call failed.',
});

const countsTable = ({ event_counts: counts }: Report): ReportTable => ({
  name: 'events',
  title: 'All events of the time, counted',
  columns: ['Event', 'Times'],
  rows: Object.entries(counts)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([type, count]) => [type, number(count)]),
  none: 'There was no event.',
});

const eventsTable = (name: string, title: string, events: readonly Event[], none: string): ReportTable => ({
  name,
  title,
  columns: ['When (UTC)', 'Event', 'By', 'On', 'Details', 'Record'],
  rows: events.map((event) => [
    ...[event.ts.slice(0, 19).replace('T', ' '), event.type, event.actor, event.subject ?? ''],
    ...[detailsOf(event), event.id],
  ]),
  none,
});

const latest = (calls: readonly ReportedCalls[]): string =>
  calls.reduce((last, each) => (each.last_at > last ? each.last_at : last), '');
const earliest = (calls: readonly ReportedCalls[]): string =>
  calls.reduce((first, each) => (first === '' || each.first_at < first ? each.first_at : first), '');

function grouped(
  calls: readonly ReportedCalls[],
  by: (call: ReportedCalls) => string[],
): [string[], ReportedCalls[]][] {
  const groups = new Map<string, [string[], ReportedCalls[]]>();
  for (const call of calls) {
    const key = by(call);
    const text = JSON.stringify(key);
    const group = groups.get(text);
    if (group === undefined) groups.set(text, [key, [call]]);
    else group[1].push(call);
  }
  return [...groups.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

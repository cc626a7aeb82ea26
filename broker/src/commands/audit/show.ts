// `audit show`: one record with all that belongs to it.
import type { Command } from 'commander';
import { auditApi, type Call, type Event, type ShownArguments, type Story } from 'mcpgate-shared/api/audit';
import { plainLine } from 'mcpgate-shared/plain-line';
import { padded } from 'mcpgate-shared/text-width';
import type { CommandContext } from '../context.ts';
import { adminOptions, withSession, type AdminOptions } from '../session/admin-session.ts';
import { counted } from '../terminal/counted.ts';
import { columnsOf } from '../terminal/hung.ts';
import { changesOf, changeText, detailsOf, restOf } from 'mcpgate-shared/api/audit/change-text';
import { localTime } from 'mcpgate-shared/local-time';
import { eventColour, msOf, painted, paintFor, resultColour, resultOf, whoOf, type Paint } from './record-text.ts';
import { wrapped } from './wrapped.ts';

interface ShowOptions extends AdminOptions {
  arguments?: boolean;
}

export function addShow(audit: Command, context: CommandContext): void {
  adminOptions(
    audit
      .command('show <id>')
      .description('one call or event with all that belongs to it; a beginning of its id, or the id of a request')
      .option(
        '--arguments',
        'the values in the arguments of a call instead, where they are kept; the log says who has read them',
      ),
  ).action(
    async (id: string, options: ShowOptions) =>
      await withSession(context, options, async ({ api, show }) => {
        if (options.arguments === true) {
          const kept = await api.call(auditApi.arguments, { params: { id } });
          show(kept, argumentsText(kept));
          return;
        }
        const story = await api.call(auditApi.show, { params: { id } });
        show(story, storyText(story, paintFor(context), columnsOf(context.stdout)));
      }),
  );
}

type Line = readonly [label: string, text: string];
const LABEL = 12;

function argumentsText({ kept, text, bytes, cut }: ShownArguments): string {
  if (kept === 'none')
    return 'the values in its arguments are not kept; `server set NAME --audit-arguments masked` or `full` has those of later calls kept';
  if (kept === 'removed') return 'its arguments were kept, and are not there any more: run mcpgate-broker audit verify';
  const lines = [plainLines(text ?? '')];
  if (kept === 'masked') lines.push('(what looks like a secret was masked before it was kept)');
  if (cut) lines.push(`(cut: the arguments were ${bytes ?? '?'} bytes long)`);
  return lines.join('\n');
}

/** Indented where it is whole. */
function plainLines(text: string): string {
  const indented = (): string => {
    try {
      return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      // It was cut.
      return text;
    }
  };
  return indented()
    .split('\n')
    .map((line) => plainLine(line))
    .join('\n');
}

/** `width`: of the terminal; undefined: no bound. */
export function storyText(story: Story, paint: Paint, width: number | undefined): string {
  const { call, event, rows, rule, approvals, session } = story;
  const lines: Line[] = [
    ...(call === null ? [] : callLines(call, paint)),
    ...(rule === null ? [] : ruleLines(rule)),
    ...(event === null ? [] : eventLines(event, paint, width)),
    ...approvals.map((each): Line => [
      'approval',
      plainLine(`${localTime(each.ts)}  ${each.type} by ${each.actor}  ${each.subject ?? ''}`),
    ]),
    ...rows.flatMap(({ row, chain, seq, ts, hash }): Line[] => [
      [row, `${localTime(ts)}  chain ${chain}, row ${seq}`],
      ['', `hash ${hash}`],
    ]),
    ...checkpointLines(story.checkpoint, rows.length),
    ...session.map((each): Line => [
      'session',
      `${localTime(each.ts)}  ${plainLine(each.tool_name ?? each.method)}  ${resultOf(each)}  ${each.id}`,
    ]),
  ];
  let last = '';
  return lines
    .map(([label, text]) => {
      const shown = label === last ? '' : label;
      last = label;
      return `${padded(shown, LABEL)}${text}`.trimEnd();
    })
    .join('\n');
}

function checkpointLines(checkpoint: Story['checkpoint'], rows: number): Line[] {
  if (rows === 0) return [];
  if (checkpoint === null) return [['checkpoint', 'none covers it yet; one is made within a minute']];
  const { ts, chain, seq, places, kept } = checkpoint;
  const outside =
    places === 0
      ? 'kept nowhere else: audit.checkpoints names no place'
      : kept === 0
        ? `not kept outside yet: in none of ${counted(places, 'place')}`
        : `kept outside, in ${kept} of ${counted(places, 'place')}`;
  return [
    ['checkpoint', `${localTime(ts)}  chain ${chain}, row ${seq}`],
    ['', outside],
  ];
}

function callLines(call: Call, paint: Paint): Line[] {
  const result = resultOf(call);
  const { device, client_name: client, client_version: version, secret_versions: secrets } = call;
  const bytes = `${call.request_bytes} bytes asked, ${call.response_bytes} answered`;
  const upstream = call.upstream_ms === null ? '' : `, of these ${Math.round(call.upstream_ms)} ms at the server`;
  const told: readonly (Line | undefined)[] = [
    ['call', call.id],
    ['time', localTime(call.ts)],
    ['who', plainLine(whoOf(call))],
    ['with', plainLine(`${call.credential_kind} ${call.credential_label} (${call.credential_id})`)],
    device === null ? undefined : ['device', plainLine(device)],
    client === null ? undefined : ['client', plainLine(version === null ? client : `${client} ${version}`)],
    ['of session', call.session_id],
    ['server', call.server],
    ['what', plainLine(call.tool_name === null ? call.method : `${call.tool_name} (${call.method})`)],
    call.arg_keys.length === 0 ? undefined : ['arguments', plainLine(call.arg_keys.join(', '))],
    call.args_digest === null ? undefined : ['digest', call.args_digest],
    [
      'result',
      painted(paint, resultColour(result), call.error_code === null ? result : `${result} (${call.error_code})`),
    ],
    ['took', `${msOf(call)} ms${upstream}; ${bytes}`],
    call.attempts === null || call.attempts < 2
      ? undefined
      : ['attempts', `${call.attempts}${call.retry_reason === null ? '' : ` (${call.retry_reason})`}`],
    call.input_rounds === 0 ? undefined : ['asked', `${call.input_asked.join(', ')}, ${call.input_rounds} times`],
    secrets.length === 0 ? undefined : ['secrets', secrets.join(', ')],
    call.trace_id === null ? undefined : ['trace', call.trace_id],
    ['decision', `${call.decision}, by ${decidedBy(call)} of policy version ${call.policy_version}`],
  ];
  return told.filter((line) => line !== undefined);
}

function decidedBy({ rule }: Call): string {
  if (rule === null) return 'no rule';
  return rule.startsWith('hook:') ? `the hook ${rule.slice('hook:'.length)}` : `rule ${rule}`;
}

function ruleLines(rule: NonNullable<Story['rule']>): Line[] {
  const { id, was: then, is: now, changed_by: by, changed_at: at, may_be_in: archives } = rule;
  if (id.startsWith('hook:')) return [];
  const since = by === null || at === null ? '' : ` (${by}, ${localTime(at)})`;
  const { note_then: noteThen, note_now: noteNow } = rule;
  return [
    ['rule then', plainLine(then === null ? unknownThen(archives) : `${then}${since}`)],
    ...(noteThen === null ? [] : [['its note', plainLine(noteThen)] as const]),
    ['rule now', now === then ? 'the same' : plainLine(now ?? 'it is removed')],
    ...(now === null || noteNow === noteThen ? [] : [['its note', plainLine(noteNow ?? 'none any more')] as const]),
  ];
}

const unknownThen = (archives: readonly string[]): string =>
  archives.length === 0
    ? 'the log has no event of it'
    : `its event is in an archive, if anywhere: ${archives.join(', ')}`;

function changeLines(event: Event, paint: Paint, width: number | undefined): Line[] {
  return (changesOf(event.data) ?? []).flatMap((change): Line[] => {
    const text = plainLine(changeText(change));
    const colour = change.before === undefined ? 'green' : change.after === undefined ? 'red' : 'yellow';
    const lines = width === undefined ? [text] : wrapped(text, Math.max(20, width - LABEL));
    return lines.map((line): Line => ['changed', paint(colour, line)]);
  });
}

function eventLines(event: Event, paint: Paint, width: number | undefined): Line[] {
  const told: readonly (Line | undefined)[] = [
    ['event', event.id],
    ['time', localTime(event.ts)],
    ['what', painted(paint, eventColour(event.type), event.type)],
    ['by', plainLine(event.actor)],
    event.subject === null ? undefined : ['on', plainLine(event.subject)],
    event.address === null ? undefined : ['address', event.address],
    ...changeLines(event, paint, width),
    ...Object.entries(restOf(event.data))
      .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]): Line => ['details', plainLine(detailsOf({ data: { [name]: value } }))]),
  ];
  return told.filter((line): line is Line => line !== undefined && line[1] !== '');
}

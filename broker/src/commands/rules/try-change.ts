// A change of rules that is shown before it is made, and asked about where it opens something.
import { previewsApi, type RuleChange, type RulePreview } from 'mcpgate-shared/api/rules/previews';
import { GateError } from 'mcpgate-shared/error';
import { pastTime } from '../values.ts';
import type { AdminSession } from '../session/admin-session.ts';
import { isConfirmed, type AskedOptions } from '../terminal/confirm.ts';
import { columnsOf, hung } from '../terminal/hung.ts';
import { accessLines, replayLines } from './preview-text.ts';

export const LONG_AGO = '30d';

/** Shows what the change would do, over people and things and over the recorded calls of the last 30 days. */
export async function showTried(
  { api, show, context }: AdminSession,
  change: RuleChange,
  title: string,
  since = LONG_AGO,
): Promise<void> {
  const from = pastTime('--since', since, context.now());
  const preview = await api.call(previewsApi.preview, { body: { change, ...(from !== undefined && { since: from }) } });
  show(preview, hung([title, ...previewLines(preview)].join('\n'), columnsOf(context.stdout)));
}

function previewLines(preview: RulePreview): string[] {
  return [
    ...preview.warnings.map((each) => `  ! ${each}`),
    ...accessLines(preview),
    ...(preview.replay === null ? [] : replayLines(preview.replay)),
  ];
}

/** Tells what the change opens, and asks at a terminal. Throws `cancelled`. */
export async function assertOpening(
  { api, context, json }: AdminSession,
  { yes }: Pick<AskedOptions, 'yes'>,
  change: RuleChange,
  question: string,
  always = false,
): Promise<void> {
  const preview = await api.call(previewsApi.preview, { body: { change } });
  const opens = preview.access.filter(({ direction }) => direction === 'gains');
  if (opens.length === 0 && !always) return;
  const lines = accessLines({ ...preview, access: opens.length === 0 ? preview.access : opens });
  if (!json) context.stderr.write(`${hung(['this opens:', ...lines].join('\n'), columnsOf(context.stderr))}\n`);
  if (context.stdin.isTTY !== true || yes === true || json) return;
  if (await isConfirmed(context, `${question} [y/N] `)) return;
  throw new GateError('cancelled', 'nothing was changed');
}

// Renders the result for each AI client as one line: ✓ done, = nothing to change, – not installed, ✗ failed, with the reason and what to do.
import type { ChalkInstance } from 'chalk';
import type { Action } from '../../clients/change.ts';
import type { Client } from '../../clients/client.ts';

export interface Outcome {
  client: Client;
  path: string;
  action: Action | 'not_found' | 'no_backup' | 'failed';
  changed: boolean;
  backup: string | null;
  error: string | null;
  /** The change on a dry run; empty where nothing would change. */
  diff?: string;
  note?: string;
}

const WORDS = {
  added: ['✓', 'set up', 'would be set up'],
  updated: ['✓', 'brought up to date', 'would be brought up to date'],
  unchanged: ['=', 'already set up', 'already set up'],
  removed: ['✓', 'taken out', 'would be taken out'],
  absent: ['=', 'was not set up', 'is not set up'],
  cleaned: ['✓', 'tokens taken out', 'tokens would be taken out'],
  restored: ['✓', 'backup put back', 'backup would be put back'],
  not_found: ['–', 'not found', 'not found'],
  no_backup: ['–', 'no backup', 'no backup'],
  failed: ['✗', '', ''],
} as const satisfies Record<Outcome['action'], readonly [string, string, string]>;

const COLOURS = { '✓': 'green', '=': 'dim', '–': 'dim', '✗': 'red' } as const;

export function renderOutcome(
  outcome: Outcome,
  options: { dryRun: boolean; restore: boolean },
  colours: ChalkInstance,
): string {
  const { client, path, action, error, backup, diff, note } = outcome;
  const [sign, done, planned] = WORDS[action];
  const words =
    options.restore && action === 'unchanged' ? 'is as in its last backup' : options.dryRun ? planned : done;
  const isPathKnown = action !== 'not_found' && action !== 'failed';
  const details = [
    `${colours[COLOURS[sign]](sign)} ${client.title.padEnd(14)} ${error ?? words}${isPathKnown ? colours.dim(` · ${path}`) : ''}`,
  ];
  if (backup !== null) details.push(colours.dim(`  backup: ${backup}`));
  if (outcome.changed) details.push(`  ${action === 'removed' ? `start ${client.title} again` : client.restart}`);
  if (note !== undefined) details.push(`  ${colours.yellow('!')} ${note}`);
  return `${details.join('\n')}\n${diff === undefined ? '' : colourDiff(diff, colours)}`;
}

function colourDiff(diff: string, colours: ChalkInstance): string {
  return diff
    .split('\n')
    .map((line) => (line.startsWith('+') ? colours.green(line) : line.startsWith('-') ? colours.red(line) : line))
    .join('\n');
}

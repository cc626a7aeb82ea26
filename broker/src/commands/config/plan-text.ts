// A plan for people: what is added, changed and removed, field by field, what was changed by hand, and what it opens and takes away.
import type { ConfigurationPlan, PlannedChange } from 'mcpgate-shared/api/config/config-api';
import { plainLine } from 'mcpgate-shared/plain-line';
import { accessLines, few } from '../rules/preview-text.ts';

const SIGNS: Readonly<Record<PlannedChange['action'], string>> = { add: '+', change: '~', remove: '-' };

export function planText(plan: ConfigurationPlan): string {
  const { changes, drift, taken_over: takenOver, released, warnings, managed_by: managedBy } = plan;
  const drifted = drift.flatMap(({ kind, name, gone, fields }) => [
    `  ! ${named(kind, name)} was ${gone ? 'removed' : 'changed'} by hand since ${managedBy} was applied`,
    ...fields.map((field) => `      ${fieldText(field)}`),
  ]);
  const lines = [
    ...(drifted.length === 0 ? [] : ['drift:', ...drifted]),
    ...changes.flatMap(changeLines),
    ...(takenOver.length === 0
      ? []
      : [`as it should be, and managed by ${managedBy} from now on: ${few(takenOver, 8)}`]),
    ...(released.length === 0 ? [] : [`stays as it is, and is managed by nobody then: ${few(released, 8)}`]),
    ...warnings.map((each) => `  ! ${plainLine(each)}`),
    ...(plan.preview === null || changes.length === 0
      ? []
      : [
          'what it opens and takes away:',
          ...accessLines({ ...plan.preview, policy_version: 0, warnings: [], replay: null }),
        ]),
  ];
  return [...lines, countsLine(plan)].join('\n');
}

function countsLine({ counts: { add, change, remove }, managed_by: managedBy }: ConfigurationPlan): string {
  if (add + change + remove === 0) return `no changes: everything is as ${managedBy} says`;
  return `plan: ${add} to add, ${change} to change, ${remove} to remove`;
}

export const doneLine = ({ counts: { add, change, remove }, managed_by: managedBy }: ConfigurationPlan): string =>
  `applied ${managedBy}: ${add} added, ${change} changed, ${remove} removed`;

/** Whether somebody may do more than before. */
export const opens = ({ preview }: ConfigurationPlan): boolean =>
  preview?.access.some(({ direction }) => direction === 'gains') === true;

export const isEmpty = ({ counts: { add, change, remove } }: ConfigurationPlan): boolean => add + change + remove === 0;

function changeLines({ kind, name, action, summary, fields }: PlannedChange): string[] {
  return [
    `${SIGNS[action]} ${named(kind, name)}: ${plainLine(summary)}`,
    ...fields.map((field) => `    ${fieldText(field)}`),
  ];
}

const named = (kind: string, name: string): string =>
  kind === 'enforcement' ? kind : kind === 'role' ? `role of ${name}` : `${kind} ${name}`;

function fieldText({ field, before, after }: PlannedChange['fields'][number]): string {
  const shown = (value: string | null): string => (value === null ? '(nothing)' : plainLine(value));
  return `${plainLine(field)}: ${shown(before)} → ${shown(after)}`;
}

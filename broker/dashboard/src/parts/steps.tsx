// What a longer piece of work has done, step by step, as it does it: what went well, what did not, and what to do about that.
import { Loader, Text } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import { msText } from './figures.ts';
import classes from './steps.module.css';
import { Words } from './words.tsx';

export interface Step {
  title: string;
  /** Unknown: it was done, and nobody can say whether it holds. */
  outcome: 'ok' | 'failed' | 'unknown';
  detail: string;
  ms: number;
  next: string | null;
}

const ICONS = { ok: IconCircleCheck, failed: IconCircleX, unknown: IconAlertTriangle } as const;
const HEARD = { ok: 'done', failed: 'failed', unknown: 'not known' } as const;

export function Steps({ steps, isRunning, label }: { steps: readonly Step[]; isRunning: boolean; label: string }) {
  return (
    <ol className={classes['steps']} aria-label={label} aria-live="polite">
      {steps.map(({ title, outcome, detail, ms, next }, index) => {
        const StepIcon = ICONS[outcome];
        return (
          <li key={index} data-outcome={outcome}>
            <StepIcon size={20} aria-label={HEARD[outcome]} />
            <div>
              <Text size="sm" fw={600} component="div">
                {title}{' '}
                <Text span size="xs" c="dimmed" fw={400}>
                  {msText(ms)}
                </Text>
              </Text>
              <Text size="sm" c="dimmed" component="div">
                <Words text={detail} />
              </Text>
              {next !== null && (
                <Text size="sm" component="div">
                  <Words text={next} />
                </Text>
              )}
            </div>
          </li>
        );
      })}
      {isRunning && (
        <li>
          <Loader size={18} aria-label="Working" />
          <Text size="sm" c="dimmed">
            Working …
          </Text>
        </li>
      )}
    </ol>
  );
}

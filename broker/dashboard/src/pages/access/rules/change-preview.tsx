// What a change of the rules would do, before it is made: who gains and loses what, and which calls of the last days would have been decided otherwise.
import { Alert, List, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import {
  previewsApi,
  type AccessChange,
  type Replay,
  type RuleChange,
  type RulePreview,
} from 'mcpgate-shared/api/rules/previews';
import type { InputOf } from '../../../api/call.ts';
import { useApi } from '../../../api/use-api.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago, useNow } from '../../../parts/time.tsx';
import { useState } from 'react';
import { counted, decisionsText, few } from '../access-words.ts';
import classes from './rules.module.css';

const DAY_MS = 86_400_000;
const MOST_SHOWN = 12;

export const since30Days = (now = Date.now()): string => new Date(now - 30 * DAY_MS).toISOString();

/** `isReplayed`: the calls of the last 30 days are judged again. */
export function ChangePreview({ change, isReplayed = false }: { change: RuleChange; isReplayed?: boolean }) {
  const now = useNow();
  // Of one moment as long as it is shown, so that it is one question.
  const [since] = useState(() => (isReplayed ? since30Days(now) : undefined));
  const input: InputOf<typeof previewsApi.preview> = {
    body: { change, ...(since !== undefined && { since }) },
  };
  const preview = useApi(previewsApi.preview, input);
  return <Loaded query={preview}>{(data) => <PreviewShown preview={data} />}</Loaded>;
}

const DIRECTIONS: Readonly<Record<AccessChange['direction'], { word: string; tone: Tone }>> = {
  gains: { word: 'Opens', tone: 'warn' },
  loses: { word: 'Closes', tone: 'info' },
  other: { word: 'Differs', tone: 'quiet' },
};

export function PreviewShown({ preview }: { preview: RulePreview }) {
  const { access, left_out: leftOut, as_enforced: asEnforced, never_listed: neverListed, replay, warnings } = preview;
  return (
    <Stack gap="md" role="region" aria-label="What it would change">
      {warnings.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          icon={<IconAlertTriangle aria-hidden />}
          title="Look at this before you save"
        >
          <List size="sm" spacing={4}>
            {warnings.map((warning) => (
              <List.Item key={warning}>{warning}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      <div>
        <Title order={3} size="sm">
          Who gains and loses what
        </Title>
        {access.length === 0 && (
          <Text size="sm" c="dimmed">
            Nobody gains or loses anything of what is known today: {counted(preview.people, 'person', 'people')} and{' '}
            {counted(preview.things, 'tool or other thing', 'tools and other things')} were looked at.
          </Text>
        )}
        {access.slice(0, MOST_SHOWN).map((each) => (
          <Change key={`${each.direction} ${each.who.join()} ${each.what.join()} ${each.after.join()}`} change={each} />
        ))}
        {access.length > MOST_SHOWN && (
          <Text size="sm" c="dimmed">
            and {counted(access.length - MOST_SHOWN, 'more group of people', 'more groups of people')}
          </Text>
        )}
        {leftOut > 0 && (
          <Text size="sm" c="dimmed">
            {counted(leftOut, 'pair')} of a person and a tool were not looked at.
          </Text>
        )}
        {asEnforced && (
          <Text size="sm" c="var(--gate-warn)">
            Rules deny nothing now. This is what would be if they were enforced.
          </Text>
        )}
        {neverListed.length > 0 && (
          <Text size="sm" c="dimmed">
            Not known what they offer, so not counted: {few(neverListed, 4)}.
          </Text>
        )}
      </div>
      {replay !== null && <Replayed replay={replay} />}
    </Stack>
  );
}

function Change({ change: { direction, who, what, before, after } }: { change: AccessChange }) {
  const { word, tone } = DIRECTIONS[direction];
  return (
    <div className={classes['change']}>
      <StatusBadge tone={tone}>{word}</StatusBadge>
      <Text size="sm" mt={4}>
        <b>{few(who, 5)}</b>: {few(what, 5)}
      </Text>
      <Text size="xs" c="dimmed">
        {decisionsText(before)} before, {decisionsText(after)} after
      </Text>
    </div>
  );
}

function Replayed({ replay }: { replay: Replay }) {
  const { since, judged, changed, unknown, gone, changes, stopped_at: stoppedAt } = replay;
  return (
    <div>
      <Title order={3} size="sm">
        Calls of the last 30 days
      </Title>
      <Text size="sm" c="dimmed">
        {judged === 0
          ? 'There were none.'
          : `${counted(judged, 'call was', 'calls were')} looked at, ${changed === 0 ? 'none' : changed.toLocaleString('en')} would have been decided otherwise.`}{' '}
        {unknown > 0 && `Of ${unknown.toLocaleString('en')} the log does not say enough, as it keeps no arguments. `}
        {gone > 0 && `${counted(gone, 'call')} of people or servers that are gone. `}
        {stoppedAt !== null && (
          <>
            Those after <Ago at={stoppedAt} /> were too many to look at.
          </>
        )}
      </Text>
      {changes.slice(0, MOST_SHOWN).map((each) => (
        <div key={`${each.who} ${each.what} ${each.after.join()}`} className={classes['change']}>
          <Text size="sm">
            <b>{each.who}</b>: {each.what}, {counted(each.calls, 'call')}, last <Ago at={each.last} />
          </Text>
          <Text size="xs" c="dimmed">
            {decisionsText(each.before)} before, {decisionsText(each.after)} after
          </Text>
        </div>
      ))}
      {changes.length > MOST_SHOWN && (
        <Text size="sm" c="dimmed">
          and {counted(changes.length - MOST_SHOWN, 'more line')} since <Ago at={since} />
        </Text>
      )}
    </div>
  );
}

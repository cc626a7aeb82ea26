// Sends a hook something now: a test event, or a question about a call that nobody makes. What was sent and what came back is shown.
import { Alert, Button, Code, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { hooksApi, type HookView } from 'mcpgate-shared/api/hooks/hooks-api';
import { useState } from 'react';
import type { AnswerOf } from '../../../api/call.ts';
import { useSession } from '../../../api/session.tsx';
import { useChange } from '../../../api/use-api.ts';
import { msText } from '../../../parts/figures.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { TONE_ICON, type Tone } from '../../../parts/status-badge.tsx';
import classes from './try-hook.module.css';

type Tested = AnswerOf<typeof hooksApi.test>;

const OUTCOMES: Readonly<Record<Tested['decision'], readonly [Tone, string]>> = {
  told: ['ok', 'It arrived'],
  allow: ['ok', 'It says: allow'],
  ask: ['info', 'It says: ask somebody'],
  deny: ['info', 'It says: deny'],
  away: ['danger', 'It did not arrive'],
};
const COLORS: Partial<Record<Tone, string>> = { ok: 'teal', danger: 'red', info: 'gate' };

export function TryHook({ hook }: { hook: HookView }) {
  const [opened, setOpened] = useState(false);
  const test = useChange(hooksApi.test, { changes: [hooksApi.list] });
  const { name, kind } = hook;
  const isAsked = kind === 'authorize';
  const begin = (): void => {
    test.reset();
    setOpened(true);
    if (!isAsked) test.mutate({ params: { name }, body: {} });
  };
  return (
    <>
      <Button size="sm" variant="default" onClick={begin}>
        {isAsked ? 'Ask it' : 'Send a test event'}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={isAsked ? `Ask ${name} about a call` : `A test event to ${name}`}
        size="lg"
      >
        <Stack gap="md">
          {isAsked && (
            <Question
              isPending={test.isPending}
              onAsk={(who, what) => test.mutate({ params: { name }, body: { who, what } })}
            />
          )}
          <div role="status">
            {test.isPending && <Text size="sm">Sent, and waiting for the answer …</Text>}
            {test.data !== undefined && <Answer tested={test.data} />}
          </div>
          <ProblemAlert problem={test.error} />
        </Stack>
      </Modal>
    </>
  );
}

function Question(props: { isPending: boolean; onAsk: (who: string, what: string) => void }) {
  const { user } = useSession();
  const form = useForm({
    initialValues: { who: `user:${user.name}`, what: '' },
    validate: { what: (value) => (value.trim() === '' ? 'Write the name of a tool, as github__search' : null) },
  });
  return (
    <form onSubmit={form.onSubmit(({ who, what }) => props.onAsk(who.trim(), what.trim()))}>
      <Stack gap="sm">
        <TextInput
          label="Who"
          description="user:NAME or grant:LABEL"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('who')}
        />
        <TextInput
          label="Tool"
          placeholder="github__search_repositories"
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('what')}
        />
        <div>
          <Button type="submit" loading={props.isPending}>
            Ask it
          </Button>
        </div>
      </Stack>
    </form>
  );
}

function Answer({ tested }: { tested: Tested }) {
  const [tone, title] = OUTCOMES[tested.decision];
  const ToneIcon = TONE_ICON[tone];
  return (
    <Stack gap="md">
      <Alert variant="light" color={COLORS[tone] ?? 'gray'} title={title} icon={<ToneIcon aria-hidden />}>
        <Text size="sm">
          After {msText(tested.ms)}
          {tested.reason === null ? '.' : `: ${tested.reason}`}
        </Text>
      </Alert>
      <Body title="What was sent" text={tested.question} />
      {tested.answered !== null && tested.answered !== '' && <Body title="What came back" text={tested.answered} />}
    </Stack>
  );
}

function Body({ title, text }: { title: string; text: string }) {
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      <Code block className={classes['text'] ?? ''} tabIndex={0}>
        {pretty(text)}
      </Code>
    </div>
  );
}

/** JSON with line breaks; anything else as it is. */
function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}

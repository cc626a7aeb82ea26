// What is not as it should be, the worst first, each with the way to mend it.
import { SimpleGrid, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import type { Status } from 'mcpgate-shared/api/status';
import type { ReactNode } from 'react';
import { Attention } from '../../parts/attention.tsx';
import { AnchorLink, PathLink } from '../../parts/links.tsx';
import { Section } from '../../parts/page.tsx';
import type { Tone } from '../../parts/status-badge.tsx';
import { Words } from '../../parts/words.tsx';
import classes from './overview.module.css';

type Noted = Status['attention'][number];

interface Kind {
  title: (subject: string | null) => string;
  tone: Exclude<Tone, 'quiet' | 'ok'>;
  action: (subject: string | null) => ReactNode;
}

const toServer = (subject: string | null): ReactNode =>
  subject === null ? (
    <AnchorLink to="/servers" size="sm">
      To the servers
    </AnchorLink>
  ) : (
    <AnchorLink to="/servers/$name" params={{ name: subject }} size="sm">
      Look at {subject}
    </AnchorLink>
  );

const KINDS: Readonly<Record<Noted['about'], Kind>> = {
  broker: {
    title: () => 'The broker is not ready',
    tone: 'danger',
    action: () => <PathLink path="/settings">To the settings</PathLink>,
  },
  master_key: {
    title: () => 'The master key',
    tone: 'warn',
    action: () => <PathLink path="/settings">To the keys</PathLink>,
  },
  backup: {
    title: () => 'No backup',
    tone: 'warn',
    action: () => <PathLink path="/settings">To the backups</PathLink>,
  },
  checkpoints: {
    title: () => 'The proofs of the log',
    tone: 'danger',
    action: () => <PathLink path="/settings">To the settings</PathLink>,
  },
  archives: {
    title: () => 'Old rows of the log',
    tone: 'warn',
    action: () => <PathLink path="/settings">To the settings</PathLink>,
  },
  secret: {
    title: (subject) => (subject === null ? 'A secret' : `The secret ${subject}`),
    tone: 'warn',
    action: (subject) => (
      <AnchorLink to="/servers" search={subject === null ? {} : { secret: subject }} size="sm">
        Rotate it at its server
      </AnchorLink>
    ),
  },
  definitions: {
    title: (subject) => `${subject ?? 'A server'} has other tools than were accepted`,
    tone: 'warn',
    action: toServer,
  },
  server: { title: (subject) => `${subject ?? 'A server'} needs a look`, tone: 'warn', action: toServer },
  hook: {
    title: (subject) => `The hook ${subject ?? ''} gives no answer`,
    tone: 'danger',
    action: () => <PathLink path="/settings">To the hooks</PathLink>,
  },
  rules: { title: () => 'Rules', tone: 'warn', action: () => <PathLink path="/access">To the rules</PathLink> },
  laptops: {
    title: () => 'Tokens on laptops',
    tone: 'warn',
    action: () => <PathLink path="/log">Whose laptops</PathLink>,
  },
};

export function NeedsAttention({ status, waiting }: { status: Status; waiting: number }) {
  const failed = status.servers.filter(({ state, circuit }) => state === 'failed' || circuit === 'open');
  const cards: ReactNode[] = [
    ...failed.map(({ name, error }) => (
      <Attention key={`failed ${name}`} tone="danger" title={`${name} fails`} action={toServer(name)}>
        <Words text={error ?? 'It failed several times in a row and is not tried for a moment.'} />
      </Attention>
    )),
    ...(waiting === 0
      ? []
      : [
          <Attention
            key="requests"
            tone="info"
            title={waiting === 1 ? 'One request waits for a yes' : `${waiting} requests wait for a yes`}
            action={<PathLink path="/access?tab=requests">Decide</PathLink>}
          >
            Somebody’s AI client may be standing still until then.
          </Attention>,
        ]),
    ...status.attention.map(({ about, subject, text }) => {
      const { title, tone, action } = KINDS[about];
      return (
        <Attention key={text} tone={tone} title={title(subject)} action={action(subject)}>
          <Words text={text} />
        </Attention>
      );
    }),
    ...(status.proposals === 0
      ? []
      : [
          <Attention
            key="proposals"
            tone="info"
            title={status.proposals === 1 ? 'One server is proposed' : `${status.proposals} servers are proposed`}
            action={
              <AnchorLink to="/servers" size="sm">
                Look at them
              </AnchorLink>
            }
          >
            People have these in the files of their AI clients, with or without a token.
          </Attention>,
        ]),
  ];
  if (cards.length === 0)
    return (
      <div className={classes['well']}>
        <IconCircleCheck size={20} aria-hidden />
        <Text size="sm" fw={600}>
          Nothing needs attention.
        </Text>
      </div>
    );
  return (
    <Section title="Needs attention" lead={cards.length === 1 ? 'One thing' : `${cards.length} things`}>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm">
        {cards}
      </SimpleGrid>
    </Section>
  );
}

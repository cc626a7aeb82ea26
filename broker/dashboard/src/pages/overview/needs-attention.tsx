// What is not as it should be, the worst first, each with the way to mend it.
import { SimpleGrid, Text } from '@mantine/core';
import { IconCircleCheck } from '@tabler/icons-react';
import type { Status } from 'mcpgate-shared/api/status';
import type { ReactNode } from 'react';
import { Attention } from '../../parts/attention.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Section } from '../../parts/page.tsx';
import type { Tone } from '../../parts/status-badge.tsx';
import { Words } from '../../parts/words.tsx';
import classes from './overview.module.css';
import { ToLaptops, ToSecret, ToServer, ToSettings } from './ways.tsx';

type Noted = Status['attention'][number];

interface Kind {
  title: (subject: string | null) => string;
  tone: Exclude<Tone, 'quiet' | 'ok'>;
  action: (subject: string | null) => ReactNode;
}

const KINDS: Readonly<Record<Noted['about'], Kind>> = {
  broker: {
    title: () => 'The broker is not ready',
    tone: 'danger',
    action: () => <ToSettings section="brokers" label="To the brokers" />,
  },
  master_key: {
    title: () => 'The master key',
    tone: 'warn',
    action: () => <ToSettings section="keys" label="To the keys" access="admin" />,
  },
  backup: {
    title: () => 'No backup',
    tone: 'warn',
    action: () => <ToSettings section="backup" label="To the backups" />,
  },
  checkpoints: {
    title: () => 'The proofs of the log',
    tone: 'danger',
    action: () => <ToSettings section="audit" label="To the places of checkpoints" />,
  },
  archives: {
    title: () => 'Old rows of the log',
    tone: 'warn',
    action: () => <ToSettings section="audit" label="To the archives" />,
  },
  secret: {
    title: (subject) => (subject === null ? 'A secret' : `The secret ${subject}`),
    tone: 'warn',
    action: (subject) => <ToSecret secret={subject} />,
  },
  definitions: {
    title: (subject) => `${subject ?? 'A server'} has other tools than were accepted`,
    tone: 'warn',
    action: (subject) => <ToServer name={subject} />,
  },
  server: {
    title: (subject) => `${subject ?? 'A server'} needs a look`,
    tone: 'warn',
    action: (subject) => <ToServer name={subject} />,
  },
  hook: {
    title: (subject) => `The hook ${subject ?? ''} gives no answer`,
    tone: 'danger',
    action: () => <ToSettings section="hooks" label="To the hooks" />,
  },
  telemetry: { title: () => 'The collector of telemetry', tone: 'warn', action: () => null },
  rules: {
    title: () => 'Rules',
    tone: 'warn',
    action: () => (
      <AnchorLink to="/access" search={{ tab: 'rules' }} size="sm">
        To the rules
      </AnchorLink>
    ),
  },
  laptops: { title: () => 'Tokens on laptops', tone: 'warn', action: () => <ToLaptops /> },
};

export function NeedsAttention({ status, waiting }: { status: Status; waiting: number }) {
  const failed = status.servers.filter(({ state, circuit }) => state === 'failed' || circuit === 'open');
  const cards: ReactNode[] = [
    ...failed.map(({ name, error }) => (
      <Attention key={`failed ${name}`} tone="danger" title={`${name} fails`} action={<ToServer name={name} />}>
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
            action={
              <AnchorLink to="/access" search={{ tab: 'requests' }} size="sm">
                Decide
              </AnchorLink>
            }
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

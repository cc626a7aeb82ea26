// From an empty broker to the first call, step by step. Each step shows by itself whether it is done, can be left out, and is found again here.
import { Button, Group, Stack, Stepper, Text } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { devicesApi } from 'mcpgate-shared/api/devices';
import { auditApi } from 'mcpgate-shared/api/audit';
import { rulesApi } from 'mcpgate-shared/api/rules';
import { serversApi } from 'mcpgate-shared/api/servers';
import { usersApi } from 'mcpgate-shared/api/users';
import type { ReactNode } from 'react';
import { Problem } from '../../api/problem.ts';
import { useApi } from '../../api/use-api.ts';
import { useSession } from '../../api/session.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { ProblemView } from '../../parts/problem-view.tsx';
import { dismiss } from './dismissed.ts';
import { FirstBroker } from './first-broker.tsx';
import { FirstCall } from './first-call.tsx';
import { FirstPeople } from './first-people.tsx';
import { FirstRules } from './first-rules.tsx';
import { FirstServers } from './first-servers.tsx';
import { FirstSignIn } from './first-sign-in.tsx';
import { WELCOME_STEPS, type WelcomeStep } from './welcome-steps.ts';

const route = getRouteApi('/shell/welcome');

const STEPS: Readonly<Record<WelcomeStep, { label: string; title: string; lead: string; content: () => ReactNode }>> = {
  broker: {
    label: 'Broker',
    title: 'Where people reach this broker',
    lead: 'Laptops and AI clients use this address, so it is best settled before anybody connects.',
    content: () => <FirstBroker />,
  },
  'sign-in': {
    label: 'Sign-in',
    title: 'How people sign in',
    lead: 'With accounts of this broker, at your identity provider, or both.',
    content: () => <FirstSignIn />,
  },
  servers: {
    label: 'Servers',
    title: 'Bring the servers that you have',
    lead: 'Paste the file of an AI client. You see first what becomes of it, and nothing is kept before you say so.',
    content: () => <FirstServers />,
  },
  rules: {
    label: 'Rules',
    title: 'Who may do what',
    lead: 'Without a rule nobody may do anything. Choose a beginning, and see what it would do.',
    content: () => <FirstRules />,
  },
  people: {
    label: 'People',
    title: 'Invite somebody',
    lead: 'They get a link to set a password, and two lines for their laptop.',
    content: () => <FirstPeople />,
  },
  call: {
    label: 'First call',
    title: 'The first laptop, and its first call',
    lead: 'Your own laptop will do. This page sees by itself what happens.',
    content: () => <FirstCall />,
  },
};

/** Which steps are done, as far as what is there tells. */
function useDone(): Readonly<Record<WelcomeStep, boolean>> {
  const servers = useApi(serversApi.list, {});
  const rules = useApi(rulesApi.list, {});
  const users = useApi(usersApi.list, {});
  const calls = useApi(auditApi.calls, { query: { limit: 1 } });
  const devices = useApi(devicesApi.list, {});
  const has = (list: readonly unknown[] | undefined, least = 1): boolean => (list?.length ?? 0) >= least;
  const isUsed = has(devices.data) && has(calls.data);
  return {
    broker: isUsed,
    'sign-in': has(users.data, 2),
    servers: has(servers.data),
    rules: has(rules.data),
    people: has(users.data, 2),
    call: isUsed,
  };
}

export function WelcomePage() {
  const { may } = useSession();
  if (may('admin')) return <Welcome />;
  return (
    <Page title="First steps">
      <ProblemView problem={new Problem('forbidden', 'An administrator sets the broker up.')} />
    </Page>
  );
}

function Welcome() {
  const { step = 'broker' } = route.useSearch();
  const navigate = route.useNavigate();
  const goTo = useNavigate();
  const done = useDone();
  const at = WELCOME_STEPS.indexOf(step);
  const next = WELCOME_STEPS[at + 1];
  const { title, lead, content } = STEPS[step];
  const show = (name: WelcomeStep): void => void navigate({ search: (before) => ({ ...before, step: name }) });
  const leave = (): void => {
    dismiss();
    void goTo({ to: '/overview' });
  };
  return (
    <Page
      title="First steps"
      lead="From an empty broker to the first call. Leave out what you like: you find this again in your menu."
      actions={
        <Button variant="default" onClick={leave}>
          {done.call ? 'To the overview' : 'Not now'}
        </Button>
      }
    >
      <Stepper
        active={at}
        onStepClick={(index) => {
          const name = WELCOME_STEPS[index];
          if (name !== undefined) show(name);
        }}
        size="sm"
        color="teal"
        iconSize={34}
        wrap
        allowNextStepsSelect
      >
        {WELCOME_STEPS.map((name, index) => {
          const icon = done[name] ? <IconCheck size={18} aria-hidden /> : index + 1;
          return (
            <Stepper.Step
              key={name}
              label={STEPS[name].label}
              description={done[name] ? 'Done' : undefined}
              color={done[name] ? 'teal' : 'gate'}
              aria-current={name === step ? 'step' : undefined}
              // What was passed is not done by that.
              {...{ icon, progressIcon: icon, completedIcon: icon }}
            />
          );
        })}
      </Stepper>
      <Section title={title} lead={lead}>
        <Stack gap="lg">
          {content()}
          <Group justify="space-between">
            <Text size="sm" c="dimmed">
              Step {at + 1} of {WELCOME_STEPS.length}
            </Text>
            {next === undefined ? (
              <Button onClick={leave} variant={done.call ? 'filled' : 'default'}>
                {done.call ? 'To the overview' : 'Later'}
              </Button>
            ) : (
              <Button onClick={() => show(next)} variant={done[step] ? 'filled' : 'default'}>
                {done[step] || step === 'broker' || step === 'sign-in' ? 'Go on' : 'Leave it out'}
              </Button>
            )}
          </Group>
        </Stack>
      </Section>
    </Page>
  );
}

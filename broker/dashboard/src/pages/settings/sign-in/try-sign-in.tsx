// The identity provider tried out: what can be checked without anybody, and what a sign-in there would bring here. Nobody is signed in by it.
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core';
import { signInTrialApi, type IdpCheck, type SignInTrial } from 'mcpgate-shared/api/settings/sign-in-trial-api';
import { useApi, useChange } from '../../../api/use-api.ts';
import { Facts } from '../../../parts/facts.tsx';
import { Section } from '../../../parts/page.tsx';
import { ProblemAlert } from '../../../parts/problem-view.tsx';
import { StatusBadge, TONE_ICON, type Tone } from '../../../parts/status-badge.tsx';
import { Ago } from '../../../parts/time.tsx';

const NAMES: Readonly<Record<IdpCheck['check'], string>> = {
  document: 'Its document',
  keys: 'Its keys',
  clock: 'Its clock',
  client: 'This client',
};
const OUTCOMES: Readonly<Record<IdpCheck['outcome'], readonly [Tone, string]>> = {
  ok: ['ok', 'fine'],
  failed: ['danger', 'wrong'],
  unknown: ['quiet', 'not told'],
};
type LetIn = Extract<SignInTrial['outcome'], { kind: 'let_in' }>;
type Refused = Extract<SignInTrial['outcome'], { kind: 'refused' }>;

const ACCOUNTS: Readonly<Record<LetIn['account'], string>> = {
  known: 'known from a sign-in before',
  linked: 'recognized by the e-mail address: this identity would be added to the account',
  made: 'a new account: it would be made at the first sign-in',
};

export function TrySignIn({ label }: { label: string }) {
  const check = useChange(signInTrialApi.check);
  const last = useApi(signInTrialApi.last, {});
  const trial = last.data?.trial ?? null;
  return (
    <Section
      title="Try it"
      lead={`Go to ${label} and come back: what that would bring is shown, and nothing changes.`}
      actions={
        <Group gap="sm">
          <Button size="sm" variant="default" loading={check.isPending} onClick={() => check.mutate({})}>
            Check the connection
          </Button>
          <Button size="sm" component="a" href="/login/idp?try=1">
            Try a sign-in
          </Button>
        </Group>
      }
    >
      <Stack gap="md">
        <div role="status">
          {check.data === undefined ? null : (
            <Facts
              facts={check.data.checks.map(({ check: name, outcome, text }) => [
                NAMES[name],
                <Checked key={name} outcome={outcome} text={text} />,
              ])}
            />
          )}
        </div>
        <ProblemAlert problem={check.error ?? last.error} />
        {trial !== null && <Outcome trial={trial} />}
      </Stack>
    </Section>
  );
}

function Checked({ outcome, text }: Pick<IdpCheck, 'outcome' | 'text'>) {
  const [tone, word] = OUTCOMES[outcome];
  return (
    <Group gap="sm">
      <StatusBadge tone={tone}>{word}</StatusBadge>
      <Text size="sm">{text}</Text>
    </Group>
  );
}

function Outcome({ trial: { at, outcome } }: { trial: SignInTrial }) {
  const isIn = outcome.kind === 'let_in';
  const ToneIcon = TONE_ICON[isIn ? 'ok' : 'danger'];
  return (
    <Stack gap="md">
      <Alert variant="light" color={isIn ? 'teal' : 'red'} icon={<ToneIcon aria-hidden />}>
        <Text size="sm" fw={600}>
          {isIn ? `${outcome.called_name} would be signed in` : 'Nobody would be signed in'}
        </Text>
        <Text size="sm">
          You tried it <Ago at={at} />.{!isIn && ` They would read: “${outcome.message}”`}
        </Text>
      </Alert>
      {isIn ? <Account outcome={outcome} /> : <Reason outcome={outcome} />}
    </Stack>
  );
}

function Reason({ outcome: { reason, detail } }: { outcome: Refused }) {
  return (
    <Facts
      facts={[
        ['Reason in the log', <Code key="reason">{reason}</Code>],
        detail === null ? undefined : ['What was said', detail],
      ]}
    />
  );
}

function Account({ outcome }: { outcome: LetIn }) {
  const { account, user, workspace, email, groups, role, changes, missing_claims: missing } = outcome;
  const note = (what: LetIn['changes'][number]): string =>
    changes.includes(what) ? ' (would be changed to this)' : '';
  return (
    <>
      {missing.length > 0 && (
        <Alert variant="light" color="yellow" title="The provider did not send everything">
          <Text size="sm">
            Not sent: {missing.join(', ')}. Either this person has none there, or the provider has to be told to send it
            to this application.
          </Text>
        </Alert>
      )}
      <Facts
        facts={[
          ['Account', `${user}, ${ACCOUNTS[account]}`],
          ['Workspace', workspace],
          ['E-mail address', email === null ? 'None that was verified' : `${email}${note('email')}`],
          [
            'Groups',
            groups === null ? 'Managed here' : `${groups.length === 0 ? 'None' : groups.join(', ')}${note('groups')}`,
          ],
          ['Role', `${role}${note('role')}`],
          [
            'Second factor',
            outcome.second_factor ? 'The provider asked for one' : 'The provider does not say that it asked',
          ],
        ]}
      />
    </>
  );
}

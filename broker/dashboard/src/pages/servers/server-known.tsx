// What is known of a server, what it does not do as it should, and a test of it, step by step.
import { Button, Code, List, Stack, Text } from '@mantine/core';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { useSession } from '../../api/session.tsx';
import { useChange } from '../../api/use-api.ts';
import { Facts } from '../../parts/facts.tsx';
import { Section } from '../../parts/page.tsx';
import { ProblemAlert } from '../../parts/problem-view.tsx';
import { Steps } from '../../parts/steps.tsx';
import { Ago } from '../../parts/time.tsx';
import { Words } from '../../parts/words.tsx';
import { ServerActivity } from './server-activity.tsx';
import { SharedAccount } from './shared-account.tsx';

export function ServerKnown({ server }: { server: Server }) {
  const { name, transport, url, command, args, secrets, tools, warnings, stderr } = server;
  const mayConnect = useSession().may('admin');
  // As the broker has it: with a grant of its own nobody signs in there.
  const isSharedLogin =
    server.credential === 'shared' && server.account?.kind === 'oauth' && server.account.grant === undefined;
  return (
    <Stack gap="lg">
      {isSharedLogin && mayConnect && <SharedAccount server={name} />}
      <ServerTest name={name} />
      <ServerActivity server={name} />
      {warnings.length > 0 && (
        <Section title="What it sends is not as it should be">
          <List size="sm" spacing="xs">
            {warnings.map((warning) => (
              <List.Item key={warning}>
                <Words text={warning} />
              </List.Item>
            ))}
          </List>
        </Section>
      )}
      <Section title="What it is">
        <Facts
          facts={[
            ['Transport', transport],
            url === null ? undefined : ['Address', url],
            command === null ? undefined : ['Command', [command, ...args].join(' ')],
            ['Signs in with', server.credential === 'personal' ? 'each person’s own account' : 'the shared account'],
            ['Secrets', secrets.length === 0 ? 'none' : secrets.join(', ')],
            ['Tools', tools ?? 'not known yet'],
            command === null ? undefined : ['Processes', server.processes],
            server.process_isolation === null ? undefined : ['Kept apart by', server.process_isolation],
            ['Changed definitions', DEFINITIONS[server.definitions]],
            ['Added', <Ago key="added" at={server.created_at} />],
            ['Changed', <Ago key="changed" at={server.updated_at} />],
          ]}
        />
      </Section>
      {stderr.length > 0 && (
        <Section title="What its process said last">
          <Code block>{stderr.join('\n')}</Code>
        </Section>
      )}
    </Stack>
  );
}

const DEFINITIONS: Readonly<Record<Server['definitions'], string>> = {
  hold: 'are held back until somebody accepts them',
  warn: 'are served and told of, unless they hold something alarming',
  accept: 'are served',
};

function ServerTest({ name }: { name: string }) {
  const test = useChange(serversApi.test, { changes: [serversApi.show, serversApi.list] });
  return (
    <Section
      title="Test"
      lead="Connects anew, lists its tools and calls its probe. Live connections are not touched."
      actions={
        <Button variant="light" size="sm" loading={test.isPending} onClick={() => test.mutate({ params: { name } })}>
          Test it
        </Button>
      }
    >
      {test.data === undefined && !test.isPending && test.error === null && (
        <Text size="sm" c="dimmed">
          Not tested since you opened this page.
        </Text>
      )}
      <ProblemAlert problem={test.error} />
      {(test.data !== undefined || test.isPending) && (
        <Steps
          label={`The test of ${name}`}
          isRunning={test.isPending}
          steps={(test.data ?? []).map(({ step, ok, detail, ms, next, warnings }) => ({
            title: step,
            outcome: ok ? (warnings.length > 0 ? 'unknown' : 'ok') : 'failed',
            detail: [detail, ...warnings].join('; '),
            ms,
            next,
          }))}
        />
      )}
    </Section>
  );
}

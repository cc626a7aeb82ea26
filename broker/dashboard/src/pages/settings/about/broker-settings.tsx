// What runs: this broker, the others over the same database, and their version.
import { Code, Stack, Text } from '@mantine/core';
import { settingsApi, type OtherBroker } from 'mcpgate-shared/api/settings/settings-api';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { useApi } from '../../../api/use-api.ts';
import { Attention } from '../../../parts/attention.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { bytesText, countText } from '../../../parts/figures.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge, type Tone } from '../../../parts/status-badge.tsx';
import { Ago, Moment } from '../../../parts/time.tsx';
import { Words } from '../../../parts/words.tsx';

const STATES: Readonly<Record<Status['state'], readonly [Tone, string]>> = {
  ready: ['ok', 'ready'],
  draining: ['warn', 'draining'],
  not_ready: ['danger', 'not ready'],
};

export function BrokerSettings() {
  const status = useApi(statusApi.status, {});
  return (
    <Loaded query={status}>
      {(data) => (
        <Stack gap="lg">
          {data.attention
            .filter(({ about }) => about === 'broker')
            .map(({ text }) => (
              <Attention key={text} tone="danger" title="This broker serves nobody" action={<Words text={text} />} />
            ))}
          <ThisOne status={data} />
          <Others status={data} />
          <Section title="Version">
            <Facts
              facts={[
                ['mcpgate-broker', data.version],
                [
                  'Database',
                  data.database === 'sqlite' ? 'SQLite, a file in the data folder' : 'PostgreSQL, which brokers share',
                ],
                data.schema_version === null
                  ? undefined
                  : ['Tables as of', <Code key="schema">{data.schema_version}</Code>],
                ['Licence', 'Apache-2.0'],
              ]}
            />
          </Section>
        </Stack>
      )}
    </Loaded>
  );
}

function ThisOne({ status }: { status: Status }) {
  const [tone, word] = STATES[status.state];
  return (
    <Section title="The broker that answers" actions={<StatusBadge tone={tone}>{word}</StatusBadge>}>
      <Facts
        facts={[
          ['Address', <Code key="url">{status.url}</Code>],
          [
            'Runs since',
            <span key="since">
              <Ago at={status.started_at} />, <Moment at={status.started_at} />
            </span>,
          ],
          ['Process', `${status.pid}`],
          ['Data folder', <Code key="data">{status.data}</Code>],
          [
            'Links',
            `${countText(status.links, 'laptop')}, ${countText(status.channels, 'AI client')} of this workspace`,
          ],
          ['Memory', bytesText(status.memory.process_bytes)],
          [
            'Event loop',
            `${status.event_loop_delay_ms.p50.toFixed(1)} ms late, ${status.event_loop_delay_ms.p99.toFixed(1)} ms at most for 99 of 100`,
          ],
        ]}
      />
    </Section>
  );
}

function Others({ status: { database } }: { status: Status }) {
  const others = useApi(settingsApi.brokers, {});
  return (
    <Section title="Beside it" lead="Brokers over the same database, each asked now how it is.">
      <Loaded query={others}>
        {(all) =>
          all.length === 0 ? (
            <Text size="sm" c="dimmed">
              {database === 'sqlite'
                ? 'None: an SQLite file is one broker’s own. Several share a PostgreSQL.'
                : 'None is heard of now. Start another one with the same database to have two.'}
            </Text>
          ) : (
            <Facts facts={all.map((broker) => [broker.location, <Beside key={broker.location} broker={broker} />])} />
          )
        }
      </Loaded>
    </Section>
  );
}

function Beside({ broker: { version, started_at: since, links, channels, draining } }: { broker: OtherBroker }) {
  if (version === null || since === null) return <StatusBadge tone="warn">has not answered</StatusBadge>;
  return (
    <>
      <StatusBadge tone={draining === true ? 'warn' : 'ok'}>{draining === true ? 'draining' : 'answers'}</StatusBadge>
      <Text size="sm" mt={4}>
        mcpgate-broker {version}, runs since <Ago at={since} />, {countText(links ?? 0, 'laptop')},{' '}
        {countText(channels ?? 0, 'AI client')} of all workspaces
      </Text>
    </>
  );
}

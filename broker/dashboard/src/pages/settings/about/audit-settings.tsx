// How the audit log is kept: when a record counts, its checkpoints and where they are kept besides, and whether it is whole.
import { Alert, Stack, Text } from '@mantine/core';
import { IconMapPin } from '@tabler/icons-react';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { useApi } from '../../../api/use-api.ts';
import { useSession } from '../../../api/session.tsx';
import { DataTable, type Column } from '../../../parts/data-table.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { ButtonLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago, Moment } from '../../../parts/time.tsx';
import { Verify } from '../../log/proof/verify.tsx';
import { Archives } from './archives.tsx';
import { ConfiguredKeys } from './configured-keys.tsx';

type Place = NonNullable<Status['audit']>['places'][number];

export function AuditSettings() {
  const { may } = useSession();
  const status = useApi(statusApi.status, {});
  return (
    <Loaded query={status}>
      {({ audit }) => (
        <Stack gap="lg">
          {audit !== null && (
            <>
              <Section
                title="How it is kept"
                actions={
                  may('auditor') && (
                    <ButtonLink to="/log" variant="default" size="sm">
                      Open the log
                    </ButtonLink>
                  )
                }
              >
                <Facts
                  facts={[
                    [
                      'A record counts',
                      audit.durability === 'disk'
                        ? 'Once it is on disk: a power cut loses none'
                        : 'Once the database has committed it: a power cut may lose the last moments',
                    ],
                    [
                      'Last checkpoint',
                      audit.checkpoint_at === null ? (
                        'None yet, since this broker has started'
                      ) : (
                        <span key="checkpoint">
                          <Ago at={audit.checkpoint_at} />, <Moment at={audit.checkpoint_at} />
                        </span>
                      ),
                    ],
                  ]}
                />
              </Section>
              <Places places={audit.places} checkpointAt={audit.checkpoint_at} />
              {audit.archives !== null && <Archives state={audit.archives} />}
            </>
          )}
          {may('auditor') && <Verify />}
          {may('admin') && (
            <ConfiguredKeys
              title="In the configuration"
              below="audit."
              lead="Durability, places of checkpoints, and how long records are kept, as far as they are set."
            />
          )}
        </Stack>
      )}
    </Loaded>
  );
}

const columnsOf = (checkpointAt: string | null): readonly Column<Place>[] => [
  {
    id: 'name',
    header: 'Place',
    width: 'minmax(180px, 2fr)',
    cell: ({ name, problem }) => (
      <>
        <Text size="sm">{name}</Text>
        {problem !== null && (
          <Text size="sm" c="red">
            {problem}
          </Text>
        )}
      </>
    ),
  },
  {
    id: 'kept',
    header: 'Has one of',
    width: '150px',
    from: 420,
    cell: ({ kept_at: at }) => <Ago at={at} never="none yet" />,
  },
  {
    id: 'state',
    header: 'State',
    width: '130px',
    cell: ({ kept_at: at, problem }) =>
      problem !== null ? (
        <StatusBadge tone="danger">behind</StatusBadge>
      ) : at === null && checkpointAt === null ? (
        <StatusBadge tone="quiet">waits</StatusBadge>
      ) : (
        <StatusBadge tone="ok">up to date</StatusBadge>
      ),
  },
];

function Places({ places, checkpointAt }: { places: readonly Place[]; checkpointAt: string | null }) {
  return (
    <Section
      title="Outside places"
      lead="Whoever can change the database cannot change these, so what was cut off the log’s end shows."
      flush
    >
      <DataTable
        label="Outside places"
        rows={places}
        columns={columnsOf(checkpointAt)}
        rowKey={({ name }) => name}
        empty={
          <Empty icon={IconMapPin} title="Checkpoints are kept with the log alone">
            Name a file, an address, a syslog receiver or a bucket as audit.checkpoints in the configuration.
          </Empty>
        }
      />
      {places.some(({ problem }) => problem !== null) && (
        <Alert color="yellow" variant="light" m="md" title="It is tried again by itself">
          <Text size="sm">Within a minute at most; the newest checkpoint covers those before it.</Text>
        </Alert>
      )}
    </Section>
  );
}

// The secrets that a server uses: how old they are, and a new one in place of each.
import { Button, Text } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { secretsApi, type Secret } from 'mcpgate-shared/api/secrets';
import { useState } from 'react';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';
import { DataTable, type Column } from '../../parts/data-table.tsx';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { Ago } from '../../parts/time.tsx';
import { RotateSecret } from './rotate-secret.tsx';

const columnsOf = (rotate: ((secret: Secret) => void) | undefined): readonly Column<Secret>[] => [
  {
    id: 'name',
    header: 'Secret',
    width: 'minmax(160px, 2fr)',
    sortBy: ({ name }) => name,
    cell: ({ name, version, source, reading, servers }) => (
      <>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          version {version} · {reading === null ? `by ${source}` : `read from ${source}`}
          {servers.length > 1 && ` · used by ${servers.join(', ')}`}
        </Text>
      </>
    ),
  },
  {
    id: 'age',
    header: 'Made',
    width: '130px',
    from: 480,
    sortBy: ({ created_at: at }) => at,
    cell: ({ created_at: at }) => <Ago at={at} />,
  },
  {
    id: 'expires',
    header: 'Ends',
    width: '130px',
    from: 620,
    sortBy: ({ expires_at: at }) => at,
    cell: ({ expires_at: at }) => <Ago at={at} never="not known" />,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '130px',
    from: 760,
    sortBy: ({ last_used_at: at }) => at,
    cell: ({ last_used_at: at }) => <Ago at={at} />,
  },
  ...(rotate === undefined
    ? []
    : [
        {
          id: 'rotate',
          header: 'Rotate',
          hiddenHeader: true,
          width: '110px',
          align: 'right',
          cell: (secret: Secret) => (
            <Button
              size="compact-sm"
              variant="light"
              aria-label={`Rotate ${secret.name}`}
              onClick={() => rotate(secret)}
            >
              Rotate
            </Button>
          ),
        } as const,
      ]),
];

export function ServerSecrets({ server }: { server: string }) {
  const secrets = useApi(secretsApi.list, {});
  const session = useSession();
  const [rotated, setRotated] = useState<Secret>();
  return (
    <Section title="Secrets" lead="Their values are in the vault, and are never shown" flush>
      <Loaded query={secrets}>
        {(all) => (
          <DataTable
            label="Secrets"
            rows={all.filter(({ servers }) => servers.includes(server))}
            columns={columnsOf(session.may('admin') ? setRotated : undefined)}
            rowKey={({ name }) => name}
            empty={
              <Empty icon={IconKey} title="It uses no secret">
                A value that refers to one, as {'${secret:NAME}'}, is put in where the server is called.
              </Empty>
            }
          />
        )}
      </Loaded>
      <RotateSecret secret={rotated} onClose={() => setRotated(undefined)} />
    </Section>
  );
}

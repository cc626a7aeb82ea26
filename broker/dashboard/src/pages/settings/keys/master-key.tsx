import { Alert, Button, Code, List, Progress, Stack, Text } from '@mantine/core';
import { keysApi, type MasterKey } from 'mcpgate-shared/api/keys';
import { useChange } from '../../../api/use-api.ts';
import { useConfirm } from '../../../parts/confirm.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { countText } from '../../../parts/figures.ts';
import { Section } from '../../../parts/page.tsx';
import { StatusBadge } from '../../../parts/status-badge.tsx';
import { Ago, Moment } from '../../../parts/time.tsx';
import { toastDone } from '../../../parts/toast.tsx';
import { Words } from '../../../parts/words.tsx';

export function MasterKeySection({ masterKey }: { masterKey: MasterKey }) {
  const { id, created_at: createdAt, file, data_keys: dataKeys, rotation, problem } = masterKey;
  const confirm = useConfirm();
  const rotate = useChange(keysApi.rotate, { changes: [keysApi.status] });
  return (
    <Section
      title="Master key"
      lead="It seals the data keys, and these seal every secret. It is in a file of the broker’s host and in no backup."
      actions={
        rotation === null ? (
          <Button
            variant="default"
            size="sm"
            onClick={() =>
              confirm({
                title: 'Rotate the master key?',
                consequences: [
                  'Each broker makes the next key in its file, and the data keys are sealed with it. Calls go on meanwhile.',
                  `The file ${file} then holds another key: copy it to where you keep the one that is there now.`,
                  'Backups that were made before are opened with the key of before. Keep that as long as those.',
                ],
                action: 'Rotate the master key',
                async run() {
                  await rotate.mutateAsync({ body: {} });
                  toastDone({ message: 'The rotation of the master key has begun.' });
                },
              })
            }
          >
            Rotate
          </Button>
        ) : (
          <StatusBadge tone="info">being rotated</StatusBadge>
        )
      }
    >
      <Stack gap="md">
        {problem !== null && (
          <Alert color="red" variant="light" title="Not everything can be opened here">
            <Text size="sm">
              <Words text={problem} />
            </Text>
          </Alert>
        )}
        {rotation !== null && <Rotation rotation={rotation} dataKeys={dataKeys} />}
        <Facts
          facts={[
            ['Key', <Code key="id">{id}</Code>],
            [
              'Made',
              <span key="made">
                <Ago at={createdAt} />, <Moment at={createdAt} />
              </span>,
            ],
            ['File', <Code key="file">{file}</Code>],
            ['Seals', countText(dataKeys, 'data key')],
          ]}
        />
      </Stack>
    </Section>
  );
}

function Rotation(props: { rotation: NonNullable<MasterKey['rotation']>; dataKeys: number }) {
  const { rotation, dataKeys } = props;
  return (
    <Stack gap="xs" role="status">
      <Progress
        value={dataKeys === 0 ? 100 : (rotation.rewrapped / dataKeys) * 100}
        aria-label="Data keys that the next key has sealed"
      />
      <Text size="sm">
        {rotation.rewrapped} of {countText(dataKeys, 'data key')} sealed with the next key, begun by {rotation.begun_by}{' '}
        <Ago at={rotation.begun_at} />.
      </Text>
      {rotation.waits_for.length > 0 && (
        <Alert color="yellow" variant="light" title="It waits for">
          <List size="sm">
            {rotation.waits_for.map((what) => (
              <List.Item key={what}>
                <Words text={what} />
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </Stack>
  );
}

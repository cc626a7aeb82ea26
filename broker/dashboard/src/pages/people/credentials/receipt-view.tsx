// The proof that something has ended: what was cut, how fast, and what is not over yet.
import { Alert, Button, Group, List, Modal, SimpleGrid, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { Receipt } from 'mcpgate-shared/api/fields';
import { Figure } from '../../../parts/figure.tsx';
import { PathLink } from '../../../parts/links.tsx';
import { Moment } from '../../../parts/time.tsx';
import { logPath } from '../../../parts/toast.tsx';
import { useReadPeopleAgain } from '../people-read.ts';

export function ReceiptView({ receipt }: { receipt: Receipt }) {
  const { links_closed: links, calls_cancelled: calls, tokens_revoked: tokens, accounts_revoked: accounts } = receipt;
  return (
    <Stack gap="md">
      <Text size="sm">
        Everything below had ended within{' '}
        <Text span fw={650}>
          {Math.round(receipt.ms)} ms
        </Text>
        , on <Moment at={receipt.at} />.
      </Text>
      <SimpleGrid cols={{ base: 2, xs: accounts > 0 ? 4 : 3 }} spacing="sm">
        <Figure label="Links closed" value={links} />
        <Figure label="Calls cancelled" value={calls} />
        <Figure label="Tokens ended" value={tokens} />
        {accounts > 0 && <Figure label="Accounts ended" value={accounts} />}
      </SimpleGrid>
      {receipt.unconfirmed.length > 0 && (
        <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Not confirmed everywhere">
          <Text size="sm">
            {receipt.unconfirmed.join(', ')} did not say in time that it has ended its part. It ends it as soon as it is
            back; to be sure now, stop it.
          </Text>
        </Alert>
      )}
      {receipt.accounts_left.length > 0 && (
        <Named title="Forgotten here, and perhaps still good at the provider" lines={receipt.accounts_left} />
      )}
      {receipt.last_calls.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            Their last calls
          </Text>
          <List size="sm" spacing={2}>
            {receipt.last_calls.map(({ device, server, tool_name: tool, ts }) => (
              <List.Item key={device}>
                {device}: {tool ?? server}, <Moment at={ts} />
              </List.Item>
            ))}
          </List>
        </div>
      )}
      {receipt.rules_removed.length > 0 && (
        <Named title="Rules that named nobody else, and went too" lines={receipt.rules_removed} />
      )}
      {receipt.rules_narrowed.length > 0 && (
        <Named title="Rules that go on for the others they name" lines={receipt.rules_narrowed} />
      )}
    </Stack>
  );
}

export function Named({ title, lines }: { title: string; lines: readonly string[] }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {title}
      </Text>
      <List size="sm" spacing={2}>
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </div>
  );
}

export function ReceiptDialog(props: { title: string; receipt: Receipt | undefined; onClose: () => void }) {
  const { title, receipt, onClose } = props;
  const readAgain = useReadPeopleAgain();
  const close = (): void => {
    onClose();
    void readAgain();
  };
  return (
    <Modal opened={receipt !== undefined} onClose={close} title={title} size="lg">
      {receipt !== undefined && (
        <Stack gap="lg">
          <ReceiptView receipt={receipt} />
          <Group justify="space-between">
            <PathLink path={logPath(receipt.subject)}>In the log</PathLink>
            <Button onClick={close}>Done</Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}

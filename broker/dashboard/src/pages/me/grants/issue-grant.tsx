// Issues a grant. Its token is shown once, here; the broker keeps a digest alone.
import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { grantsApi } from 'mcpgate-shared/api/grants';
import { meApi } from 'mcpgate-shared/api/me/me-api';
import { useState } from 'react';
import { useSession } from '../../../api/session.tsx';
import { useApi, useChange } from '../../../api/use-api.ts';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { GRANT_LIFETIMES, USUAL_GRANT_LIFETIME } from '../../../parts/grant-lifetimes.ts';
import { ProblemAlert } from '../../../parts/problem-view.tsx';

export function IssueGrant({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    // Closed by its button alone, so that a click beside it does not lose the token.
    <Modal opened={opened} onClose={onClose} title="Issue a grant" closeOnClickOutside={false} size="lg">
      {opened && <Issue onClose={onClose} />}
    </Modal>
  );
}

function Issue({ onClose }: { onClose: () => void }) {
  const { user, broker } = useSession();
  const own = useApi(meApi.tools, {});
  const [label, setLabel] = useState('');
  const [servers, setServers] = useState<string[]>([]);
  const [lifetime, setLifetime] = useState(USUAL_GRANT_LIFETIME);
  const issue = useChange(grantsApi.issue, { changes: [grantsApi.list] });
  const names = [...new Set([...(own.data?.tools ?? []).map(({ server }) => server), ...(own.data?.silent ?? [])])];

  if (issue.data !== undefined)
    return (
      <Stack gap="md">
        <Alert color="yellow" variant="light" icon={<IconAlertTriangle aria-hidden />} title="Copy it now">
          The token is shown this once. Keep it where the program’s secrets are.
        </Alert>
        <CopyLine text={issue.data.token} label="the token" />
        <Text size="sm">
          The laptop command takes it from the environment variable MCPGATE_TOKEN; other programs send it as bearer
          token to:
        </Text>
        <CopyLine text={`${broker.url}/mcp`} />
        <Group justify="flex-end">
          <Button onClick={onClose}>I have copied it</Button>
        </Group>
      </Stack>
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        issue.mutate({ body: { label: label.trim(), servers, user: user.name, expires_in_s: Number(lifetime) } });
      }}
    >
      <Stack gap="md">
        <TextInput
          label="Label"
          description="What it is for, as ci-release; the log shows it."
          value={label}
          onChange={({ currentTarget: { value } }) => setLabel(value)}
          autoComplete="off"
          required
          data-autofocus
        />
        <MultiSelect
          label="Servers"
          description="It is good at these alone, whatever you are allowed later."
          data={names}
          value={servers}
          onChange={setServers}
          searchable
          required
          nothingFoundMessage="No server of which you may use something is called so"
        />
        <Select
          label="Ends after"
          data={GRANT_LIFETIMES}
          value={lifetime}
          onChange={(value) => setLifetime(value ?? lifetime)}
          allowDeselect={false}
        />
        <ProblemAlert problem={issue.error ?? own.error} />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button type="submit" loading={issue.isPending} disabled={label.trim() === '' || servers.length === 0}>
            Issue the grant
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

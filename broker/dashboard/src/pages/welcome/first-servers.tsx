import { Stack, Text } from '@mantine/core';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useApi } from '../../api/use-api.ts';
import { AnchorLink, ButtonLink } from '../../parts/links.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { PasteServers } from '../servers/paste-servers.tsx';

export function FirstServers() {
  const servers = useApi(serversApi.list, {});
  const present = servers.data ?? [];
  return (
    <Stack gap="md">
      {present.length > 0 && (
        <Stack gap={4} role="list" aria-label="Servers that are here">
          {present.map(({ name, secrets }) => (
            <Text size="sm" key={name} role="listitem" component="div">
              <StatusBadge tone="ok">Added</StatusBadge>{' '}
              <AnchorLink to="/servers/$name" params={{ name }} size="sm" fw={600}>
                {name}
              </AnchorLink>{' '}
              {secrets.length > 0 && `with ${secrets.join(', ')} in the vault`}
            </Text>
          ))}
        </Stack>
      )}
      <PasteServers onDone={() => undefined} />
      <Text size="sm" c="dimmed" component="div">
        Nothing to paste?{' '}
        <ButtonLink to="/servers" search={{ add: 'catalogue' }} size="compact-sm" variant="default">
          Choose from the catalogue
        </ButtonLink>
      </Text>
    </Stack>
  );
}

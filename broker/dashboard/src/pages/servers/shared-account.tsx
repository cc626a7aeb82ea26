// The account with which everybody uses a server: how it stands, and connecting it at the server's own page. Administrators alone.
import { Button, Group, Text } from '@mantine/core';
import { accountsApi } from 'mcpgate-shared/api/accounts/accounts';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useApi, useChange } from '../../api/use-api.ts';
import { ACCOUNT_LOOK } from '../../parts/credentials/account-look.ts';
import { EndButton } from '../../parts/confirm.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { toastDone } from '../../parts/toast.tsx';

export function SharedAccount({ server }: { server: string }) {
  const account = useApi(accountsApi.connectShared, { params: { name: server } });
  const disconnect = useChange(accountsApi.disconnectShared, {
    changes: [accountsApi.connectShared, serversApi.show],
    onDone: ({ revoked, why }) =>
      toastDone({
        message: revoked
          ? `The account at ${server} is ended, at its provider too.`
          : `The account at ${server} is forgotten here${why === null ? '' : `; it may be good elsewhere: ${why}`}.`,
        subject: `server:${server}`,
      }),
  });
  return (
    <Section title="The account that everybody uses" lead="Whoever connects it chooses as whom all of you come there.">
      <Loaded query={account}>
        {({ state, scopes, connected_at: at, url }) => {
          const { tone, word, connect } = ACCOUNT_LOOK[state];
          return (
            <Group justify="space-between">
              <Group gap="sm">
                <StatusBadge tone={tone}>{word}</StatusBadge>
                {at !== null && (
                  <Text size="sm" c="dimmed">
                    <Ago at={at} />
                    {scopes.length > 0 && ` · ${scopes.join(' ')}`}
                  </Text>
                )}
              </Group>
              <Group gap="xs">
                <Button component="a" href={url} size="sm" variant={connect === undefined ? 'default' : 'filled'}>
                  {connect ?? 'Connect another one'}
                </Button>
                {state !== 'missing' && (
                  <EndButton
                    label={`Disconnect ${server}`}
                    question={{
                      title: `Disconnect the account at ${server}?`,
                      consequences: [
                        'Nobody can call its tools until another one is connected.',
                        'The broker forgets the account, and ends it at its provider where that takes it.',
                      ],
                      action: 'Disconnect it',
                      run: () => disconnect.mutateAsync({ params: { name: server } }),
                    }}
                  >
                    Disconnect
                  </EndButton>
                )}
              </Group>
            </Group>
          );
        }}
      </Loaded>
    </Section>
  );
}

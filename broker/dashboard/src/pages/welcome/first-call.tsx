// Waits for the first laptop and its first call, and shows both as they come: the broker's events say so.
import { Alert, Loader, Stack, Text } from '@mantine/core';
import { IconCircleCheck, IconPhoneCall } from '@tabler/icons-react';
import { auditApi, type Call } from 'mcpgate-shared/api/audit';
import { devicesApi } from 'mcpgate-shared/api/devices';
import { useApi } from '../../api/use-api.ts';
import { PathLink } from '../../parts/links.tsx';
import { Ago } from '../../parts/time.tsx';
import { InstallLines } from '../me/install-lines.tsx';

const wordsOf = ({ status, decision }: Call): string =>
  decision === 'deny'
    ? 'It was denied: a rule, or the lack of one, says why.'
    : status === 'ok'
      ? 'It worked.'
      : 'It reached the broker, and failed at its server.';

export function FirstCall() {
  const devices = useApi(devicesApi.list, {});
  const calls = useApi(auditApi.calls, { query: { limit: 10 } });
  const device = devices.data?.find(({ revoked_at: revokedAt }) => revokedAt === null);
  const call = calls.data?.at(-1);
  return (
    <Stack gap="md">
      <InstallLines />
      <Text size="sm">Then ask your AI client for something, or call a tool from the terminal:</Text>
      <Text size="sm" component="div" c="dimmed">
        <code>mcpgate tools</code> lists them, <code>mcpgate call TOOL</code> calls one.
      </Text>
      <div role="status" aria-label="What has come">
        <Stack gap="sm">
          {device === undefined ? (
            <Waiting text="Waiting for the first laptop …" />
          ) : (
            <Alert
              color="gray"
              variant="light"
              icon={<IconCircleCheck aria-hidden />}
              title={`${device.name} is connected`}
            >
              It is {device.user}’s, on {device.platform}, since <Ago at={device.created_at} />.
            </Alert>
          )}
          {call === undefined
            ? device !== undefined && <Waiting text="Waiting for its first call …" />
            : device !== undefined && (
                <Alert
                  color={call.status === 'ok' ? 'gray' : 'yellow'}
                  variant="light"
                  icon={<IconPhoneCall aria-hidden />}
                  title={`${call.member ?? call.credential_label} called ${call.tool_name ?? `${call.method} of ${call.server}`}`}
                >
                  {wordsOf(call)}{' '}
                  <PathLink path={`/log?${new URLSearchParams({ id: call.id }).toString()}`} inText>
                    Its whole story
                  </PathLink>
                </Alert>
              )}
        </Stack>
      </div>
    </Stack>
  );
}

function Waiting({ text }: { text: string }) {
  return (
    <Alert color="gray" variant="light" icon={<Loader size={18} aria-hidden />}>
      {text}
    </Alert>
  );
}

// Hooks: who is asked about calls, and who is told what happens, each with what waits to be delivered to it.
import { Stack, Text } from '@mantine/core';
import { IconWebhook } from '@tabler/icons-react';
import { hooksApi } from 'mcpgate-shared/api/hooks/hooks-api';
import { useWhole } from '../../../api/use-whole.ts';
import { useSession } from '../../../api/session.tsx';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Loaded } from '../../../parts/loaded.tsx';
import { Section } from '../../../parts/page.tsx';
import { ConfiguredKeys } from '../about/configured-keys.tsx';
import { HookCard } from './hook-card.tsx';

export function HookSettings() {
  const hooks = useWhole(hooksApi.list, {});
  const { may } = useSession();
  return (
    <Loaded query={hooks}>
      {(all) => (
        <Stack gap="lg">
          {all.length === 0 ? (
            <Section title="Hooks">
              <Empty icon={IconWebhook} title="Nobody is asked or told">
                A hook asks a service of yours about each call, tells people what waits for their yes, or sends the
                audit log to a collector, a webhook or syslog.
              </Empty>
            </Section>
          ) : (
            all.map((hook) => <HookCard key={hook.name} hook={hook} />)
          )}
          <Section title="Add one" lead="Where questions and records are sent is said on the command line, or as code.">
            <Stack gap="xs">
              <Text size="sm">The audit log to a receiver of syslog, or to a collector of OpenTelemetry:</Text>
              <CopyLine text="mcpgate-broker hook add siem --kind log --url syslog+tls://siem.example:6514" />
              <CopyLine text="mcpgate-broker hook add otel --kind log --format otlp --url https://collector.example/v1/logs" />
              <Text size="sm">
                What waits for somebody’s yes to a chat, and a question about each call to a service of yours:
              </Text>
              <CopyLine text="mcpgate-broker hook add slack --format slack --url 'https://hooks.slack.com/services/${secret:slack-path}' --signing-secret slack-signing" />
              <CopyLine text="mcpgate-broker hook set authorize --url https://authz.example/mcpgate" />
            </Stack>
          </Section>
          {may('admin') && (
            <ConfiguredKeys
              title="Traces and metrics"
              below="telemetry."
              lead="Sent as OpenTelemetry, beside hooks, as the configuration says."
            />
          )}
        </Stack>
      )}
    </Loaded>
  );
}

// Backups: how old the last one is, and how one is made. The file holds everything, sealed, so it goes from the broker to a host that keeps it, and
// through no browser.
import { Code, Stack, Text } from '@mantine/core';
import { IconArchive } from '@tabler/icons-react';
import { statusApi } from 'mcpgate-shared/api/status';
import { useApi } from '../../../api/use-api.ts';
import { useSession } from '../../../api/session.tsx';
import { Attention } from '../../../parts/attention.tsx';
import { CopyLine } from '../../../parts/copy-line.tsx';
import { Empty } from '../../../parts/empty.tsx';
import { Facts } from '../../../parts/facts.tsx';
import { bytesText } from '../../../parts/figures.ts';
import { Loaded } from '../../../parts/loaded.tsx';
import { PathLink } from '../../../parts/links.tsx';
import { Section } from '../../../parts/page.tsx';
import { Ago, Moment } from '../../../parts/time.tsx';
import { logPath } from '../../../parts/toast.tsx';
import { Words } from '../../../parts/words.tsx';

export function BackupSettings() {
  const status = useApi(statusApi.status, {});
  const { may } = useSession();
  return (
    <Loaded query={status}>
      {({ last_backup: last, attention, data }) => (
        <Stack gap="lg">
          {attention
            .filter(({ about }) => about === 'backup')
            .map(({ text }) => (
              <Attention key={text} tone="warn" title="A backup is due" action={<Words text={text} />} />
            ))}
          <Section title="The last backup">
            {last === null ? (
              <Empty icon={IconArchive} title="There was none yet">
                A backup counts once whoever made it says that it is kept: the command does so when the file is whole on
                disk.
              </Empty>
            ) : (
              <Facts
                facts={[
                  [
                    'Kept',
                    <span key="at">
                      <Ago at={last.at} />, <Moment at={last.at} />
                    </span>,
                  ],
                  ['By', last.by],
                  ['Size', bytesText(last.bytes)],
                  ['SHA-256', <Code key="sha256">{last.sha256}</Code>],
                  may('auditor')
                    ? [
                        'In the log',
                        <PathLink key="log" path={logPath(`backup:${last.sha256.slice(0, 16)}`)}>
                          Its record
                        </PathLink>,
                      ]
                    : undefined,
                ]}
              />
            )}
          </Section>
          <Section
            title="Make one"
            lead="On the host that is to keep it. Calls go on meanwhile. Secrets are sealed in it, and the master key is not in it."
          >
            <Stack gap="sm">
              <Text size="sm">On the broker’s host:</Text>
              <CopyLine text={`mcpgate-broker backup mcpgate-$(date +%F).backup --data ${data}`} label="the line" />
              <Text size="sm">
                From elsewhere, with an administration token in <Code>MCPGATE_ADMIN_TOKEN</Code>:
              </Text>
              <FromElsewhere />
              <Text size="sm">
                Keep the master key apart from it: without the key a backup cannot be opened, and with both, everything
                can.
              </Text>
            </Stack>
          </Section>
        </Stack>
      )}
    </Loaded>
  );
}

function FromElsewhere() {
  const { broker } = useSession();
  return <CopyLine text={`mcpgate-broker backup mcpgate-$(date +%F).backup --url ${broker.url}`} label="the line" />;
}

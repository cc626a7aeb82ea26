// How it goes, in one look: what needs somebody first, then what happens.
import { SimpleGrid } from '@mantine/core';
import { statusApi, type Status } from 'mcpgate-shared/api/status';
import { useApi } from '../../api/use-api.ts';
import { Attention } from '../../parts/attention.tsx';
import { Figure } from '../../parts/figure.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';

export function OverviewPage() {
  const status = useApi(statusApi.status, {});
  return (
    <Page title="Overview">
      <Loaded query={status}>{(data) => <Overview status={data} />}</Loaded>
    </Page>
  );
}

function Overview({ status }: { status: Status }) {
  const failed = status.servers.filter(({ state }) => state === 'failed');
  return (
    <>
      <SimpleGrid cols={{ base: 2, md: 4 }}>
        <Figure label="Live links" value={status.links} />
        <Figure label="Open channels" value={status.channels} />
        <Figure label="People" value={status.users} />
        <Figure label="Rules" value={status.rules} />
      </SimpleGrid>
      {failed.length > 0 && (
        <Section title="Needs attention">
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {failed.map(({ name, error }) => (
              <Attention
                key={name}
                tone="danger"
                title={`${name} fails`}
                action={
                  <AnchorLink to="/servers/$name" params={{ name }} size="sm">
                    Look at the server
                  </AnchorLink>
                }
              >
                {error}
              </Attention>
            ))}
          </SimpleGrid>
        </Section>
      )}
    </>
  );
}

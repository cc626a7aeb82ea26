// One server: how it is and why, and what is known of it.
import { getRouteApi } from '@tanstack/react-router';
import { serversApi, type Server } from 'mcpgate-shared/api/servers';
import { useApi } from '../../api/use-api.ts';
import { Facts } from '../../parts/facts.tsx';
import { AnchorLink } from '../../parts/links.tsx';
import { Loaded } from '../../parts/loaded.tsx';
import { Page, Section } from '../../parts/page.tsx';
import { StatusBadge } from '../../parts/status-badge.tsx';
import { Ago } from '../../parts/time.tsx';
import { healthOf } from './server-health.ts';

const route = getRouteApi('/shell/servers/$name');

export function ServerPage() {
  const { name } = route.useParams();
  const server = useApi(serversApi.show, { params: { name } });
  const health = server.data && healthOf(server.data);
  return (
    <Page
      title={name}
      above={[
        <AnchorLink key="servers" to="/servers" size="sm">
          Servers
        </AnchorLink>,
      ]}
      badge={health && <StatusBadge tone={health.tone}>{health.word}</StatusBadge>}
      lead={health?.why}
    >
      <Loaded query={server}>{(data) => <Known server={data} />}</Loaded>
    </Page>
  );
}

function Known({ server }: { server: Server }) {
  return (
    <Section title="What it is">
      <Facts
        facts={[
          ['Transport', server.transport],
          server.url === null ? undefined : ['Address', server.url],
          server.command === null ? undefined : ['Command', [server.command, ...server.args].join(' ')],
          ['Secrets', server.secrets.length === 0 ? 'none' : server.secrets.join(', ')],
          ['Tools', server.tools ?? 'not known yet'],
          ['Added', <Ago key="added" at={server.created_at} />],
          ['Changed', <Ago key="changed" at={server.updated_at} />],
        ]}
      />
    </Section>
  );
}

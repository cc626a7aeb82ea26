// Where a card of the overview leads: to the very part of the page where the thing is mended, as far as the person may open that.
import type { Access } from 'mcpgate-shared/api/roles';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';
import { AnchorLink } from '../../parts/links.tsx';
import type { SectionName } from '../settings/settings-sections.ts';

export function ToServer({ name }: { name: string | null }) {
  return name === null ? (
    <AnchorLink to="/servers" size="sm">
      To the servers
    </AnchorLink>
  ) : (
    <AnchorLink to="/servers/$name" params={{ name }} size="sm">
      Look at {name}
    </AnchorLink>
  );
}

export interface ToSettingsProps {
  section: SectionName;
  label: string;
  /** Whom that section is for. */
  access?: Access;
}

export function ToSettings({ section, label, access = 'operator' }: ToSettingsProps) {
  const { may } = useSession();
  if (!may(access)) return 'An administrator mends it.';
  return (
    <AnchorLink to="/settings/$section" params={{ section }} size="sm">
      {label}
    </AnchorLink>
  );
}

/** To the secrets of the server that uses it; of several servers, to their list. */
export function ToSecret({ secret }: { secret: string | null }) {
  const servers = useApi(serversApi.list, {}, { enabled: secret !== null });
  const [only, ...others] = servers.data?.filter(({ secrets }) => secrets.some((each) => each === secret)) ?? [];
  if (only !== undefined && others.length === 0)
    return (
      <AnchorLink to="/servers/$name" params={{ name: only.name }} search={{ tab: 'secrets' }} size="sm">
        Rotate it at {only.name}
      </AnchorLink>
    );
  return (
    <AnchorLink to="/servers" search={secret === null ? {} : { secret }} size="sm">
      Rotate it at its server
    </AnchorLink>
  );
}

/** The log says whose laptops hold secrets in clear; operators do not read it. */
export function ToLaptops() {
  const { may } = useSession();
  if (!may('auditor')) return 'Administrators and auditors see in the log whose laptops these are.';
  return (
    <AnchorLink to="/log" search={{ type: 'laptop.*' }} size="sm">
      Whose laptops
    </AnchorLink>
  );
}

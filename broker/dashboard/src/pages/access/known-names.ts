// The names that rules may speak of: suggestions for fields. They need no cell of the matrix, so this asks for parts without one.
import { groupsApi } from 'mcpgate-shared/api/groups';
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import { serversApi } from 'mcpgate-shared/api/servers';
import { useSession } from '../../api/session.tsx';
import { useApi } from '../../api/use-api.ts';

/** As many as a list of suggestions searches without a stutter. */
const MOST = 2_000;
const NONE: readonly string[] = [];

export interface KnownNames {
  /** People and grants: `user:ada`, `grant:ci`. */
  people: readonly string[];
  groups: readonly string[];
  /** What servers offer: `github__get_me`, `prompt:github__review`. */
  things: readonly string[];
  servers: readonly string[];
  bundles: readonly string[];
}

export function useKnownNames(): KnownNames {
  const { may } = useSession();
  const people = useApi(previewsApi.matrix, { query: { people_most: MOST, things_most: 0 } });
  const things = useApi(previewsApi.matrix, { query: { people_most: 0, things_most: MOST } });
  // Only administrators may list groups; others type their names.
  const groups = useApi(groupsApi.list, {}, { enabled: may('admin') });
  const bundles = useApi(bundlesApi.list, {});
  const servers = useApi(serversApi.list, {});
  return {
    people: people.data?.shown?.who ?? NONE,
    things: things.data?.shown?.what.filter((name) => !name.includes(' in bundle:')) ?? NONE,
    groups: groups.data?.map(({ name }) => name) ?? NONE,
    servers: servers.data?.map(({ name }) => name) ?? NONE,
    bundles: bundles.data?.map(({ name }) => name) ?? NONE,
  };
}

// The names that rules may speak of: suggestions for fields. What servers offer comes of a part of the matrix that has no cell.
import { previewsApi } from 'mcpgate-shared/api/rules/previews';
import { bundlesApi } from 'mcpgate-shared/api/bundles/bundles';
import { serversApi } from 'mcpgate-shared/api/servers';
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
  const who = useApi(previewsApi.names, {});
  const things = useApi(previewsApi.matrix, { query: { people_most: 0, things_most: MOST } });
  const bundles = useApi(bundlesApi.list, {});
  const servers = useApi(serversApi.list, {});
  return {
    people: who.data?.people ?? NONE,
    things: things.data?.shown?.what.filter((name) => !name.includes(' in bundle:')) ?? NONE,
    groups: who.data?.groups ?? NONE,
    servers: servers.data?.map(({ name }) => name) ?? NONE,
    bundles: bundles.data?.map(({ name }) => name) ?? NONE,
  };
}

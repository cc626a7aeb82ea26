// What `npm run mutate` breaks, by area: the sources, and the tests that have to notice. Only tests that run the sources themselves
// count; the scenarios run the bundles, which no mutant reaches.

export interface MutationArea {
  /** Globs of sources, from the repository's root. */
  sources: readonly string[];
  /** Globs of test files. A mutant is tried with those of their tests that come by it. */
  tests: readonly string[];
  /** Tests with these words in their names are left out: they take long, and find nothing that others do not. */
  without?: readonly string[];
  /** Also tries them on PostgreSQL: where the sources know the two engines. */
  onPostgres?: true;
}

export const AREAS: Readonly<Record<string, MutationArea>> = {
  vault: { sources: ['broker/src/vault/*.ts'], tests: ['broker/src/vault/*.test.ts'] },
  audit: {
    sources: ['broker/src/audit/*.ts'],
    tests: ['broker/src/audit/*.test.ts', 'broker/src/admin/audit-operations.test.ts'],
    without: ['refuses more than it can hold'],
  },
  policy: {
    sources: ['broker/src/policy/*.ts', 'broker/src/gateway/policy-cache.ts'],
    tests: ['broker/src/policy/*.test.ts', 'broker/src/replicas/replicas.test.ts'],
  },
  doors: {
    sources: [
      'broker/src/http/{host-check,forwarded-door,trusted-proxies,metrics-door}.ts',
      'broker/src/http/mcp/mcp-headers.ts',
      'broker/src/domain/address-ranges.ts',
    ],
    tests: [
      'broker/src/http/{host-check,forwarded-headers,trusted-proxies,metrics-door}.test.ts',
      'broker/src/http/mcp/mcp-headers.test.ts',
      'broker/src/domain/address-ranges.test.ts',
    ],
  },
  tokens: {
    sources: [
      'broker/src/identity/{authenticate,secret-token,keyed-lock}.ts',
      'broker/src/identity/oauth/{refresh-retry,known-devices,device-info,grant-id,oauth-adapter,redirect-target,user-code,poll-pace}.ts',
    ],
    tests: [
      'broker/src/identity/identity.test.ts',
      'broker/src/identity/oauth/{device-login,oauth-server,replicas,redirect-target}.test.ts',
    ],
  },
  channel: {
    sources: ['shared/src/{channel,channel-incoming,channel-outgoing,frame}.ts'],
    tests: ['shared/src/{channel,channel-schedule,frame}.test.ts'],
    without: ['in 4,000 random schedules', 'is found out, by a story'],
  },
  workspaces: {
    sources: ['broker/src/store/repositories/{secrets,groups,policy,provisioning,links,web-sessions}.ts'],
    tests: ['broker/src/store/{workspace-scope,workspaces,store,people,logins,provisioning}.test.ts'],
  },
  hearing: {
    sources: ['broker/src/replicas/{hearing,replicas,end-elsewhere}.ts'],
    tests: ['broker/src/replicas/*.test.ts'],
    onPostgres: true,
  },
  retries: {
    sources: ['broker/src/upstreams/{retry-reason,http-answer,circuit-breaker}.ts'],
    tests: ['broker/src/upstreams/{resumed-streams,http-upstream,circuit-breaker}.test.ts'],
  },
  masking: {
    sources: ['broker/src/upstreams/{secret-mask,subscription-mark}.ts'],
    tests: ['broker/src/upstreams/{secret-mask,subscription-mark,hidden-secrets}.test.ts'],
  },
  import: {
    sources: ['broker/src/admin/{secret-shape,secret-extraction,secret-references}.ts'],
    tests: ['broker/src/admin/secret-extraction.test.ts'],
  },
  handover: {
    sources: ['broker/src/tunnel/{handover,departures,left-channels,former-channels,drained,owner-memory}.ts'],
    tests: ['broker/src/tunnel/{departures,left-channels,drained,awaited-channels,ended-channels}.test.ts'],
  },
  'install-clients': {
    sources: [
      'cli/src/clients/{change-client,entry-match,entry-format,file-snapshot,jsonc-format,toml-format,mask-secrets}.ts',
    ],
    tests: ['cli/src/clients/*.test.ts', 'cli/src/commands/{client-files,install-clients,uninstall-clients}.test.ts'],
  },
};

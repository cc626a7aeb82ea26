// What `npm run mutate` breaks, by area: the sources, and the tests that have to notice. Only tests that run the sources themselves
// count; the scenarios run the bundles, which no mutant reaches.

export interface MutationArea {
  /** Globs of sources, from the repository's root. */
  sources: readonly string[];
  /** Globs of test files, the quick ones first: a mutant is tried with those of their tests that come by it, until one notices. */
  tests: readonly string[];
  /** Tests with these words in their names are left out: they take long, and find nothing that others do not. */
  without?: readonly string[];
  /** Kinds of changes that are not made: where the sources are tables of words and formats, which fixtures hold. */
  except?: readonly string[];
}

export const AREAS: Readonly<Record<string, MutationArea>> = {
  vault: { sources: ['broker/src/vault/*.ts'], tests: ['broker/src/vault/*.test.ts'] },
  audit: {
    sources: ['broker/src/audit/*.ts', 'broker/src/audit/search/{found-calls,shown-records,call-words}.ts'],
    tests: [
      'broker/src/domain/record-id.test.ts',
      'broker/src/audit/{keyed-hash,hash-chain,log-rows,refused-events,chain-writer,chain-callers,unwritable-log,create-audit}.test.ts',
      'broker/src/admin/audit-operations.test.ts',
    ],
    without: ['refuses more than it can hold'],
  },
  policy: {
    sources: [
      'broker/src/policy/{answer-cache,compile-policy,glob,may-use,naming,readings,rule-index,rule-preview,settle,standing}.ts',
      'broker/src/gateway/policy-cache.ts',
    ],
    tests: [
      'broker/src/policy/{glob,may-use,naming,readings,compile-policy}.test.ts',
      'broker/src/gateway/policy-cache.test.ts',
      'broker/src/policy/answer-cache.test.ts',
    ],
    without: ['400 denials of 1 MiB', 'for one who asks for ever more', 'for all together, however many ask'],
  },
  spellings: {
    sources: ['broker/src/policy/uris/{normal-uri,normal-host}.ts'],
    tests: [
      'broker/src/policy/uris/{normal-host,normal-uri,normal-uri-parts}.test.ts',
      'broker/src/policy/readings.test.ts',
    ],
  },
  doors: {
    sources: [
      'broker/src/http/doors/{host-check,forwarded-door,trusted-proxies,metrics-door}.ts',
      'broker/src/http/mcp/mcp-headers.ts',
      'broker/src/domain/bounds/address-ranges.ts',
    ],
    tests: [
      'broker/src/http/doors/{host-check,forwarded-headers,trusted-proxies,metrics-door}.test.ts',
      'broker/src/http/mcp/mcp-headers.test.ts',
      'broker/src/domain/bounds/address-ranges.test.ts',
    ],
  },
  tokens: {
    sources: [
      'broker/src/identity/{authenticate,registers/valid-credentials,keyed-lock}.ts',
      'broker/src/store/secret-token.ts',
      'broker/src/identity/oauth/{refresh-retry,known-devices,device-info,grant-id,oauth-adapter,redirect-target,user-code,poll-pace}.ts',
    ],
    tests: [
      'broker/src/identity/{registers/valid-credentials,keyed-lock,authenticate}.test.ts',
      'broker/src/store/secret-token.test.ts',
      'broker/src/identity/oauth/{grant-id,device-info,poll-pace,redirect-target,oauth-adapter,refresh-retry,known-devices}.test.ts',
      'broker/src/identity/identity.test.ts',
      'broker/src/identity/oauth/{device-login,oauth-server,replicas}.test.ts',
    ],
  },
  channel: {
    sources: ['shared/src/link/{channel,channel-incoming,channel-outgoing,frame}.ts'],
    tests: ['shared/src/link/{frame,channel-acks,channel-large,channel}.test.ts'],
  },
  workspaces: {
    sources: [
      'broker/src/store/repositories/{secrets/secrets,secrets/secret-rows,secrets/secret-versions,people/groups,policy,people/provisioning,links/links,people/web-sessions}.ts',
    ],
    tests: ['broker/src/store/{announced,workspace-scope,workspaces,store,people,logins,provisioning}.test.ts'],
  },
  hearing: {
    sources: [
      'broker/src/replicas/{hearing,replicas,ask-others,end-elsewhere,switch-elsewhere}.ts',
      'broker/src/domain/bounds/hearing-limit.ts',
    ],
    tests: ['broker/src/domain/bounds/hearing-limit.test.ts', 'broker/src/replicas/*.test.ts'],
  },
  retries: {
    sources: [
      'broker/src/upstreams/{attempt,remedy,wires/http/http-answer,wires/http/lost-session,pool/circuit-breaker}.ts',
    ],
    tests: [
      'broker/src/upstreams/{attempt,remedy,wires/http/http-answer,wires/http/lost-session,pool/circuit-breaker}.test.ts',
    ],
  },
  masking: {
    sources: ['broker/src/upstreams/{secrets/secret-mask,secrets/hidden-values,session/modern/subscription-mark}.ts'],
    tests: [
      'broker/src/upstreams/{secrets/secret-mask,secrets/hidden-values,session/modern/subscription-mark}.test.ts',
    ],
  },
  import: {
    sources: [
      'shared/src/entries/{classify-value,value-sense,secret-names,secret-extraction}.ts',
      'shared/src/entries/token-formats.ts:94-110',
      'shared/src/entries/placeholders.ts:10-60',
      'broker/src/admin/import/{secret-references,prefer-environment}.ts',
    ],
    tests: [
      'shared/src/entries/{secret-names,value-sense,placeholders,classify-value}.test.ts',
      'shared/src/entries/{doubtful-values,secret-extraction,secrets-in-programs,import-shapes}.test.ts',
      'broker/src/admin/import/{secret-references,prefer-environment}.test.ts',
    ],
    except: ['Regex'],
  },
  handover: {
    sources: [
      'broker/src/tunnel/handoff/{handover,departures,left-channels,former-channels,drained}.ts',
      'broker/src/tunnel/channels/owner-memory.ts',
    ],
    tests: [
      'broker/src/tunnel/handoff/{handover,kept-answers,channel-fates,former-channels}.test.ts',
      'broker/src/tunnel/channels/owner-memory.test.ts',
      'broker/src/tunnel/handoff/{left-channels,awaited-channels,ended-channels,drained,departures}.test.ts',
    ],
  },
  'install-clients': {
    sources: [
      'cli/src/clients/{change,change-client,change-by-client,entry-match,entry-format,files/file-snapshot,files/unified-diff}.ts',
    ],
    tests: [
      'cli/src/clients/{entry-match,files/unified-diff,files/file-snapshot,change-client,change-by-client}.test.ts',
      'cli/src/commands/{client-files,clients/install-clients,uninstall-clients,claude-code-command}.test.ts',
    ],
  },
};

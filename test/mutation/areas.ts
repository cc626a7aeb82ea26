// What `npm run mutate` breaks, by area: the sources, and the tests that have to notice. Only tests that run the sources themselves
// count; the scenarios run the bundles, which no mutant reaches.

export interface MutationArea {
  /** Globs of sources, from the repository's root. */
  sources: readonly string[];
  /** Globs of test files. A mutant is tried against those that come by it. */
  tests: readonly string[];
  /** Also tries them on PostgreSQL: where the sources are those that know the two engines. */
  onPostgres?: true;
}

export const AREAS: Readonly<Record<string, MutationArea>> = {
  vault: { sources: ['broker/src/vault/*.ts'], tests: ['broker/src/vault/*.test.ts'] },
  audit: { sources: ['broker/src/audit/*.ts'], tests: ['broker/src/audit/*.test.ts'] },
  channel: {
    sources: ['shared/src/{channel,channel-incoming,channel-outgoing,frame}.ts'],
    tests: ['shared/src/{channel,channel-schedule,frame}.test.ts'],
  },
  doors: {
    sources: ['broker/src/http/{host-check,forwarded-door,trusted-proxies}.ts', 'broker/src/domain/address-ranges.ts'],
    tests: ['broker/src/http/{host-check,forwarded-door,trusted-proxies}.test.ts'],
  },
};

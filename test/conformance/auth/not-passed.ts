// The checks of authorization that mcpgate does not pass, each with the reason.
import type { NotCarried } from '../not-carried.ts';

/** Besides the suite's checks: that the person and their AI client have heard what they should. */
export const AS_PLANNED = 'client-as-planned';

const legs = ['mcp', 'serve'] as const;
const POSSESSION = [
  'sep-1932-client-token-request-proof',
  'sep-1932-client-dpop-auth-scheme',
  'sep-1932-client-fresh-proof',
];
const POSSESSION_REASON =
  'tokens that are bound to a key (DPoP) are an extension that mcpgate does not carry: it asks for bearer tokens, gets them, and sends them to the one server that they are for';

export const NOT_PASSED: readonly NotCarried[] = [
  {
    legs,
    scenario: 'auth/basic-cimd',
    checks: ['cimd-client-id-used'],
    reason:
      'the suite knows one address of a client, its own; mcpgate is a URL too, at the broker and another one for each authorization server, and what is there is looked at by the runner',
  },
  {
    legs,
    scenario: 'auth/2025-03-26-oauth-metadata-backcompat',
    sets: ['0.1'],
    checks: ['client-registration', 'authorization-request', 'token-request', AS_PLANNED],
    reason:
      'the metadata of the first suite’s server calls itself by another address than the one it is found at, and must not be used then (RFC 8414, section 3.3): the current suite has mended that, and it passes there',
  },
  { legs, scenario: 'auth/dpop', checks: POSSESSION, reason: POSSESSION_REASON },
  {
    legs,
    scenario: 'auth/dpop-nonce',
    checks: [...POSSESSION, 'sep-1932-client-as-nonce', 'sep-1932-client-rs-nonce'],
    reason: POSSESSION_REASON,
  },
];

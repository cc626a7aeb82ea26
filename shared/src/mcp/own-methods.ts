// mcpgate's own methods, beside those of MCP: requests that the commands on a laptop send to the broker in a session over the tunnel.

export const OWN_METHODS = {
  /** Who asks, and which servers they may use. */
  session: 'mcpgate/session',
  /** The key under which a laptop takes fingerprints of tokens. */
  tokensKey: 'mcpgate/tokens/key',
  /** The fingerprints, for those that are secrets of the vault. */
  tokensReport: 'mcpgate/tokens/report',
  /** Offers a server to the administrators. */
  serversPropose: 'mcpgate/servers/propose',
  /** The person's own accounts at servers. */
  accounts: 'mcpgate/accounts',
  /** Waits until one of them is connected. */
  accountsAwait: 'mcpgate/accounts/await',
  /** Enters the keys of one. */
  accountsSet: 'mcpgate/accounts/set',
  /** Ends one. */
  accountsEnd: 'mcpgate/accounts/end',
  /** What the person asked for. */
  requests: 'mcpgate/requests',
  /** Asks for access that was denied. */
  requestsMake: 'mcpgate/requests/make',
  /** The names of bundles and servers that the person may use something of. */
  bundles: 'mcpgate/bundles',
} as const;

export type OwnMethod = (typeof OWN_METHODS)[keyof typeof OWN_METHODS];

/** The members that the params of each may have, besides `_meta`. */
export const OWN_PARAMS = {
  'mcpgate/session': [],
  'mcpgate/tokens/key': [],
  'mcpgate/tokens/report': ['key_id', 'fingerprints', 'found'],
  'mcpgate/servers/propose': ['name', 'transport'],
  'mcpgate/accounts': [],
  'mcpgate/accounts/await': ['server'],
  'mcpgate/accounts/set': ['server', 'values', 'target'],
  'mcpgate/accounts/end': ['server'],
  'mcpgate/requests': [],
  'mcpgate/requests/make': ['id', 'reason'],
  'mcpgate/bundles': [],
} as const satisfies Record<OwnMethod, readonly string[]>;

/** Whether a method is one of mcpgate's, of whatever version. */
export const isOwnMethod = (method: string): boolean => method.startsWith('mcpgate/');

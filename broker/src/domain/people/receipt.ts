// Who makes an administrative change (`Actor`), and the proof of what a revocation has ended (`Receipt`).

/** Who makes a change. `name`: a user name, `host:USERNAME` or `admin-token:LABEL`. `address`: where the request came from; null on the socket. */
export interface Actor {
  name: string;
  address: string | null;
}

export interface Receipt {
  /** `user:ada`, `device:…`, `grant:…`, `session:…` */
  subject: string;
  links_closed: number;
  calls_cancelled: number;
  tokens_revoked: number;
  /** The person's own accounts at servers that their providers have ended. */
  accounts_revoked: number;
  /** Those that are forgotten here and may be good elsewhere: `SERVER: why`. */
  accounts_left: string[];
  /** The time from the command until everything has ended, here and at other brokers. */
  ms: number;
  at: string;
  /** The last call of each device and grant that was ended, as far as it is among the newest calls of its person in the log. */
  last_calls: LastCall[];
  /** Other brokers over the same database that have not confirmed in time that they ended their part. */
  unconfirmed: string[];
  /**
   * Tokens that the disabled or removed person had issued for others or for machines, and that work on: `grant:ci`, `admin-token:terraform`;
   * with `@WORKSPACE` behind it where they belong to another workspace.
   */
  still_active: string[];
  /** Ids of rules that named only the removed person, and were removed too. */
  rules_removed: string[];
  /** Ids of rules that named the removed person and others; they go on for the others. */
  rules_narrowed: string[];
}

/** What the other brokers have ended of a revocation; `unconfirmed`: those that have not confirmed it in time. */
export interface EndedElsewhere {
  linksClosed: number;
  callsCancelled: number;
  unconfirmed: string[];
}

export interface LastCall {
  /** Name of the device, or label of the grant. */
  device: string;
  server: string;
  tool_name: string | null;
  ts: string;
}

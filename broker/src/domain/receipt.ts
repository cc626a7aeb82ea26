// Who ended something, and the proof that it has ended.

/** Who does it: a user name, `host:USERNAME`, `admin-token:LABEL`; the address it came from, where there is one. */
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
  /** From the command to the last listener's answer. */
  ms: number;
  at: string;
  /** What each device and grant that ended did last, as far as the log's newest calls of its person tell. */
  last_calls: LastCall[];
  /** Other brokers over the same database that are there, and have not said in time that they have ended what they had of it. */
  unconfirmed: string[];
  /**
   * What a person who was ended had issued and that is not theirs, so that it goes on: `grant:ci`, `admin-token:terraform`; with `@WORKSPACE`
   * where that is another one.
   */
  still_active: string[];
  /** Rules that named nobody but a person who was removed, and went with that person. */
  rules_removed: string[];
  /** Rules that named the person beside others, for whom they hold on. */
  rules_narrowed: string[];
}

/** What the other brokers have ended of it. */
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

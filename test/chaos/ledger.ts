// The four logs of a run, as the checker takes them.

/** What an AI client asked. */
export interface Asked {
  /** Names the call everywhere. */
  token: string;
  client: string;
  tool: string;
  /** Its trace, by which the audit log names it. */
  trace: string;
  /** Milliseconds since the epoch, here and below. */
  at: number;
}

/** What an AI client was answered: the token is that of the request with the answer's id. */
export interface Received {
  token: string;
  at: number;
  kind: 'ok' | 'unknown' | 'failed';
  /** `ok`: the token that the answer itself names; undefined where it is not whole. */
  answers: string | undefined;
  /** The first words, for the report. */
  text: string;
}

/** What the upstream carried out. */
export interface Executed {
  token: string;
  at: number;
}

/** What the audit log holds. */
export interface Audited {
  id: string;
  trace: string | null;
  status: string;
}

export interface BrokerEnd {
  at: number;
  signal: 'SIGTERM' | 'SIGKILL';
}

export interface Logs {
  asked: readonly Asked[];
  received: readonly Received[];
  executed: readonly Executed[];
  audited: readonly Audited[];
  /** Every end of a broker, in order. */
  ends: readonly BrokerEnd[];
}

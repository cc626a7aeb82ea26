// The address that telemetry is sent to: OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
import { GateError } from 'mcpgate-shared/error';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import { retryAfterMs } from '../net/retry-after.ts';

export type OtlpSignal = 'traces' | 'metrics';

export type Posted =
  { kind: 'taken' } | { kind: 'again'; why: string; afterMs: number | undefined } | { kind: 'lost'; why: string };

/** A collector takes no documents of one kind. `since`: the first that it did not take, ms since the epoch; `why`: of the last one. */
export interface TelemetryProblem {
  signal: OtlpSignal;
  host: string;
  since: number;
  why: string;
}

export interface OtlpReceiver {
  /** What the collector has not taken when it was last asked by this broker. */
  readonly problems: readonly TelemetryProblem[];
  /** Never rejects. */
  post(signal: OtlpSignal, document: object): Promise<Posted>;
  /** The same of a document that is JSON already. */
  postText(signal: OtlpSignal, json: string): Promise<Posted>;
}

/** What OTLP says may be sent again. */
const AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export function createOtlpReceiver(options: {
  /** Without the path of a signal. */
  endpoint: string;
  /** Read anew each time, so that a rotated secret holds at once. */
  headers: () => Promise<Readonly<Record<string, string>>>;
  fetch: GuardedFetch;
  version: string;
  now: () => number;
}): OtlpReceiver {
  const { endpoint, headers, fetch, version, now } = options;
  const base = endpoint.replace(/\/+$/, '');
  const { host, hostname: namedHost } = new URL(base);
  const problems = new Map<OtlpSignal, TelemetryProblem>();

  async function attempt(signal: OtlpSignal, json: string): Promise<Posted> {
    try {
      const own = { 'content-type': 'application/json', 'user-agent': `mcpgate/${version}` };
      const answer = await fetch(`${base}/v1/${signal}`, {
        ...{ method: 'POST', namedHost, body: json, headersOnly: true },
        headers: { ...(await headers()), ...own },
      });
      const { status } = answer;
      if (status >= 200 && status < 300) return { kind: 'taken' };
      const why = `status ${status}`;
      if (!AGAIN.has(status)) return { kind: 'lost', why };
      return { kind: 'again', why, afterMs: retryAfterMs(answer.headers.get('retry-after'), now()) };
    } catch (error) {
      const why = error instanceof GateError ? error.message : 'an unexpected error';
      return { kind: 'again', why, afterMs: undefined };
    }
  }

  const postText: OtlpReceiver['postText'] = async (signal, json) => {
    const posted = await attempt(signal, json);
    if (posted.kind === 'taken') problems.delete(signal);
    else problems.set(signal, { signal, host, since: problems.get(signal)?.since ?? now(), why: posted.why });
    return posted;
  };
  return {
    get problems() {
      return [...problems.values()];
    },
    postText,
    post: (signal, document) => postText(signal, JSON.stringify(document)),
  };
}

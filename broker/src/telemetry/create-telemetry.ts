// Puts the room together: traces and metrics, sent to an OpenTelemetry collector over OTLP. The audit log goes there by a hook (hooks/log). Without an endpoint there is nothing of this.
import { hostname } from 'node:os';
import type { Clock } from 'mcpgate-shared/clock';
import type { Audit } from '../audit/audit.ts';
import type { Deliveries } from '../deliveries/deliveries.ts';
import type { Traces } from '../domain/outside/call-span.ts';
import type { Log } from '../domain/log.ts';
import type { GuardedFetch } from '../net/guarded-fetch.ts';
import type { Store } from '../store/store.ts';
import { createKeptSpans } from './kept-spans.ts';
import { createLeftSpans } from './left-spans.ts';
import { createOtlpReceiver, type TelemetryProblem } from './otlp-receiver.ts';
import { createOperationMetrics, OPERATION_NAMES } from './operation-metrics.ts';
import { otlpMetrics, type PromMetric } from './otlp-metrics.ts';
import { createSpanQueue, type SpanCounts } from './span-queue.ts';
import { createTraces } from './spans.ts';

export interface TelemetrySettings {
  endpoint: string;
  headers: Readonly<Record<string, string>>;
  traces: boolean;
  metrics: boolean;
  sample: number;
  metricsEveryMs: number;
}

export interface Telemetry {
  /** Undefined: calls are not traced. */
  readonly traces: Traces | undefined;
  readonly spans: SpanCounts;
  readonly problems: readonly TelemetryProblem[];
  /** Begins to send what `read` says, where that is wanted. Returns the function that ends it. */
  sendMetrics(read: () => Promise<PromMetric[]>, isServer: (workspaceId: string, name: string) => boolean): () => void;
  close(): Promise<void>;
}

export function createTelemetry(
  settings: TelemetrySettings,
  options: {
    /** Puts the secrets of the vault into a text. */
    resolve: (text: string) => Promise<string>;
    fetch: GuardedFetch;
    audit: Pick<Audit, 'onRecord'>;
    /** Where spans stand until they have gone out. */
    store: Store['callSpans'];
    /** Where they wait that are not taken. */
    deliveries: Pick<Deliveries, 'put' | 'take'>;
    clock: Clock;
    log: Pick<Log, 'warn' | 'info'>;
    version: string;
    startedAt: number;
  },
): Telemetry {
  const { resolve, fetch, audit, store, deliveries, clock, log, version, startedAt } = options;
  const host = hostname();
  const receiver = createOtlpReceiver({
    ...{ endpoint: settings.endpoint, fetch, version, now: clock.now },
    async headers() {
      const pairs = Object.entries(settings.headers);
      return Object.fromEntries(
        await Promise.all(pairs.map(async ([name, text]) => [name, await resolve(text)] as const)),
      );
    },
  });
  const kept = createKeptSpans(deliveries, receiver);
  const maker = { version, host };
  const queue = createSpanQueue({ receiver, kept, store, clock, log, maker });
  const left = createLeftSpans({ store, kept, isHeld: queue.isHeld, clock, log });
  left.start();
  const traces = settings.traces
    ? createTraces({
        ...{ maker, take: queue.take, sample: settings.sample },
        ...{ elapsedMs: () => performance.now(), zero: () => clock.now() - performance.now() },
      })
    : undefined;

  return {
    traces,
    get spans() {
      return queue.counts;
    },
    get problems() {
      return receiver.problems;
    },
    sendMetrics(read, isServer) {
      if (!settings.metrics) return () => undefined;
      const operations = createOperationMetrics(audit, isServer);
      let isAway = false;
      let cancel: () => void = () => undefined;
      async function send(): Promise<void> {
        const all = [...(await read()), ...(await operations.read())];
        const facts = { version, host, startedAt, now: clock.now(), names: OPERATION_NAMES };
        const posted = await receiver.post('metrics', otlpMetrics(all, facts));
        if (posted.kind !== 'taken' && !isAway) log.warn({ why: posted.why }, 'metrics are not taken');
        if (posted.kind === 'taken' && isAway) log.info({}, 'metrics are taken again');
        isAway = posted.kind !== 'taken';
      }
      function later(): void {
        cancel = clock.after(settings.metricsEveryMs, () => {
          send()
            .catch((error: unknown) => log.warn({ err: error }, 'metrics could not be sent'))
            .finally(later);
        });
      }
      later();
      return () => {
        cancel();
        operations.close();
      };
    },
    async close() {
      await left.close();
      await queue.close();
    },
  };
}

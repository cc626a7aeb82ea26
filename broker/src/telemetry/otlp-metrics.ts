// The metrics of `/metrics` as OTLP has them in JSON: the same names and labels, counted since the start of the broker.
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { attributes, resourceOf } from '../net/otlp/otlp-values.ts';

export type PromMetric = MetricObjectWithValues<MetricValue<string>>;

/** `AggregationTemporality` in OTLP. */
const CUMULATIVE = 2;

export interface Named {
  /** What a metric and a label are called in OTLP, where that is not their name here. */
  readonly names: ReadonlyMap<string, string>;
}

export function otlpMetrics(
  metrics: readonly PromMetric[],
  { version, host, startedAt, now, names }: { version: string; host: string; startedAt: number; now: number } & Named,
): object {
  const times = { startTimeUnixNano: `${startedAt}000000`, timeUnixNano: `${now}000000` };
  const nameOf = (name: string): string => names.get(name) ?? name;
  const said = (labels: object, without?: string) =>
    attributes(
      Object.fromEntries(
        Object.entries(labels).flatMap(([key, value]) => (key === without ? [] : [[nameOf(key), String(value)]])),
      ),
    );

  const converted = metrics.flatMap((metric): object[] => {
    const { name, help, values } = metric;
    const common = {
      name: nameOf(name),
      description: help,
      unit: name.endsWith('_bytes') ? 'By' : /seconds|duration/.test(name) ? 's' : '',
    };
    const kind = String(metric.type);
    if (values.length === 0) return [];
    if (kind === 'histogram')
      return [{ ...common, histogram: { aggregationTemporality: CUMULATIVE, dataPoints: histogramPoints(metric) } }];
    const dataPoints = values
      .filter(({ value }) => Number.isFinite(value))
      .map(({ labels, value }) => ({ ...times, attributes: said(labels), asDouble: value }));
    // The quantiles of a summary stand in a label, as they do in Prometheus.
    return kind === 'counter'
      ? [{ ...common, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }]
      : [{ ...common, gauge: { dataPoints } }];
  });

  function histogramPoints({ name, values }: PromMetric): object[] {
    const series = new Map<string, { labels: object; buckets: [number, number][]; sum: number; count: number }>();
    for (const each of values as (MetricValue<string> & { metricName?: string })[]) {
      const { le, ...labels } = each.labels;
      const key = JSON.stringify(labels);
      const point = series.get(key) ?? { labels, buckets: [], sum: 0, count: 0 };
      series.set(key, point);
      if (each.metricName === `${name}_sum`) point.sum = each.value;
      else if (each.metricName === `${name}_count`) point.count = each.value;
      else point.buckets.push([Number(String(le).replace('+Inf', 'Infinity')), each.value]);
    }
    return [...series.values()].map(({ labels, buckets, sum, count }) => {
      buckets.sort(([a], [b]) => a - b);
      // Each bucket there holds what is below it; here, what is between two of them.
      const bucketCounts = buckets.map(([, upTo], index) => String(upTo - (buckets[index - 1]?.[1] ?? 0)));
      const explicitBounds = buckets.map(([bound]) => bound).filter((bound) => Number.isFinite(bound));
      return { ...times, attributes: said(labels), count: String(count), sum, bucketCounts, explicitBounds };
    });
  }

  const scopeMetrics = [{ scope: { name: 'mcpgate', version }, metrics: converted }];
  return { resourceMetrics: [{ resource: resourceOf({ version, host }), scopeMetrics }] };
}

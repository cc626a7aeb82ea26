// The section `telemetry` of the configuration: the OpenTelemetry collector that traces and metrics are sent to.
import { z } from 'zod';
import { duration, path, yesOrNo } from './key-forms.ts';
import { form, optional, withDefault } from './key.ts';

const endpoint = form(
  'URL',
  z
    .string()
    .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ''), 'write an http or https address')
    .refine((text) => {
      const url = URL.parse(text);
      return url === null || (url.username === '' && url.password === '' && url.search === '' && url.hash === '');
    }, 'write it without a password and a query; secrets go into headers'),
);
const value = z
  .string()
  .max(2_000)
  .regex(/^[\x20-\x7e]*$/, 'write printable ASCII')
  .refine((text) => text.length < 20 || text.includes('${secret:') || text.includes(' '), {
    error: 'what looks like a key belongs in the vault: write ${secret:NAME}',
  });
const headers = form('map', z.record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'write the name of a header'), value));
const part = form('number from 0 to 1', z.number().min(0).max(1));

export const telemetrySchema = z.strictObject({
  otlp: z
    .strictObject({
      endpoint: optional(endpoint, {
        description:
          'OpenTelemetry collector, or whoever takes OTLP over HTTP, that [traces and metrics](telemetry.md) are sent to as JSON; `/v1/traces` and `/v1/metrics` are added. Left out: nothing is sent. The audit log goes there by a [hook](hooks.md#to-an-opentelemetry-collector).',
        example: 'https://collector.internal:4318',
        env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
      }),
      headers: withDefault(
        headers,
        {},
        {
          description: 'Headers of what is sent; values may hold `${secret:NAME}` of the workspace default.',
          example: { 'api-key': '${secret:otlp-key}' },
        },
      ),
      ca_file: optional(path, {
        description: "PEM file of certificates that are trusted instead of the system's.",
        example: '/etc/mcpgate/collector-ca.pem',
      }),
      traces: withDefault(yesOrNo, true, {
        description: 'Send a span of each call, and tell servers of it (`traceparent`).',
      }),
      sample: withDefault(part, 1, {
        description:
          'Which part of calls is traced of which the AI client says nothing. Where it says `traceparent`, its own decision holds.',
        example: 0.1,
      }),
      metrics: withDefault(yesOrNo, true, {
        description: 'Send what `/metrics` has, too.',
      }),
      metrics_interval: withDefault(duration, '60s', { description: 'How often metrics are sent.' }),
    })
    .prefault({}),
});

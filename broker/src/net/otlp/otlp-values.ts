// Values as OTLP has them in its JSON encoding (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): 64-bit numbers are texts, ids are hexadecimal.

export type OtlpValue =
  | { stringValue: string }
  | { boolValue: boolean }
  | { intValue: string }
  | { doubleValue: number }
  | { arrayValue: { values: OtlpValue[] } }
  | { kvlistValue: { values: OtlpAttribute[] } }
  | Record<string, never>;

export interface OtlpAttribute {
  key: string;
  value: OtlpValue;
}

export function anyValue(value: unknown): OtlpValue {
  if (typeof value === 'string') return { stringValue: value.toWellFormed() };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (typeof value === 'object' && value !== null) return { kvlistValue: { values: attributes(value) } };
  return {};
}

/** Without those that are undefined. */
export function attributes(of: object): OtlpAttribute[] {
  return Object.entries(of)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** What sends: a broker. */
export function resourceOf({ version, host }: { version: string; host: string }): { attributes: OtlpAttribute[] } {
  return {
    attributes: attributes({ 'service.name': 'mcpgate-broker', 'service.version': version, 'host.name': host }),
  };
}

// Where each part of the broker stands. A file may import from lower layers and from its own folder; of a sibling only interfaces, as
// types: the composition root injects what stands behind them.

const LAYERS: readonly (readonly string[])[] = [
  ['domain'],
  ['message', 'values'],
  ['mcp'],
  ['config', 'log', 'net'],
  ['store'],
  ['upstreams', 'policy', 'audit', 'vault'],
  ['gateway', 'identity', 'admin', 'tunnel', 'replicas'],
  ['http'],
  ['broker.ts'],
  ['commands'],
  ['main.ts'],
];

/** The part a broker source belongs to: its folder under `broker/src`, or its own name at the top. */
export function partOf(path: string): string | undefined {
  return /^broker\/src\/([^/]+)/.exec(path)?.[1];
}

function layerOf(part: string): number {
  return LAYERS.findIndex((parts) => parts.includes(part));
}

/** Why part `from` may not import part `to`, or undefined where it may. */
export function layerViolation(from: string, to: string, asTypeOnly: boolean): string | undefined {
  if (from === to) return undefined;
  const [upper, lower] = [layerOf(from), layerOf(to)];
  if (upper === -1 || lower === -1) return `${upper === -1 ? from : to} has no place in test/rules/broker-layers.ts`;
  if (upper === lower)
    return asTypeOnly ? undefined : `${from} and ${to} are siblings: what they share moves down or is injected`;
  return upper < lower ? `${from} lies below ${to}` : undefined;
}

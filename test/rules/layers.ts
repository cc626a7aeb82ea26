// Where each part of the broker, of the laptop's side and of what they share stands. A file may import from lower layers and from its own
// folder; of a sibling only interfaces, as types: the composition root injects what stands behind them.

type Package = 'shared' | 'cli' | 'broker';

/** Files of no folder stand here under their own names; `*` is every one that is not named. */
const LAYERS: Readonly<Record<Package, readonly (readonly string[])[]>> = {
  shared: [['*'], ['mcp', 'link', 'values'], ['api'], ['entries']],
  cli: [
    ['laptop'],
    ['credentials', 'channel'],
    ['local', 'auth'],
    ['serve', 'daemon', 'clients'],
    ['context.ts'],
    ['doctor'],
    ['commands'],
    ['main.ts'],
  ],
  broker: [
    ['domain'],
    ['message'],
    ['mcp'],
    ['config', 'log', 'net'],
    ['store'],
    [
      'upstreams',
      'policy',
      'limits',
      'audit',
      'vault',
      'accounts',
      'approvals',
      'assertions',
      'catalogue',
      'definitions',
      'deliveries',
    ],
    // Sends what happens outside; calls are told of spans by an interface of the domain.
    ['hooks', 'telemetry'],
    ['gateway', 'identity', 'admin', 'tunnel', 'replicas', 'laptops'],
    ['http'],
    ['assembly'],
    ['broker.ts'],
    ['commands'],
    ['main.ts'],
  ],
};

export interface Part {
  package: Package;
  /** A folder under `src`, or the name of a file at its top. */
  name: string;
}

/** The part that a source belongs to. */
export function partOf(path: string): Part | undefined {
  const [, home, name] = /^(shared|cli|broker)\/src\/([^/]+)/.exec(path) ?? [];
  if (name === undefined || (home !== 'shared' && home !== 'cli' && home !== 'broker')) return undefined;
  return { package: home, name };
}

function layerOf(part: Part): number {
  const layers = LAYERS[part.package];
  const named = layers.findIndex((parts) => parts.includes(part.name));
  return named === -1 && part.name.endsWith('.ts') ? layers.findIndex((parts) => parts.includes('*')) : named;
}

/** Why part `from` may not import part `to` of the same package, or undefined where it may. */
export function layerViolation(from: Part, to: Part, asTypeOnly: boolean): string | undefined {
  if (from.package !== to.package || from.name === to.name) return undefined;
  const [upper, lower] = [layerOf(from), layerOf(to)];
  if (upper === -1 || lower === -1) return `${upper === -1 ? from.name : to.name} has no place in test/rules/layers.ts`;
  if (upper === lower)
    return asTypeOnly || LAYERS[from.package][upper]?.includes('*')
      ? undefined
      : `${from.name} and ${to.name} are siblings: what they share moves down or is injected`;
  return upper < lower ? `${from.name} lies below ${to.name}` : undefined;
}

// The catalogue of servers that can be added: the shipped one, and what the MCP registry of the configuration has.
import { catalogueApi, type CatalogueEntry } from 'mcpgate-shared/api/catalogue';
import { GateError } from 'mcpgate-shared/error';
import { searchedFor, shippedCatalogue } from '../../catalogue/shipped-catalogue.ts';
import type { Registry } from '../../catalogue/registry/registry.ts';
import { nearest } from 'mcpgate-shared/nearest';
import type { AdminDependencies } from '../dependencies.ts';
import { operation, type Operation } from '../operation.ts';

const FROM_REGISTRY = 'registry:';

export function catalogueOperations({ registry }: Pick<AdminDependencies, 'registry'>): Operation[] {
  return [
    operation(catalogueApi.list, async ({ query: { search = '', registry: isRegistry } }) =>
      isRegistry === 'true' ? await registry.search(search) : { entries: [...searchedFor(search)], left_out: [] },
    ),
    operation(catalogueApi.show, async ({ params: { name } }) => await entryNamed(registry, name)),
  ];
}

/** `name`: of a shipped entry, or `registry:NAME`. Throws `not_found`. */
export async function entryNamed(registry: Registry, name: string): Promise<CatalogueEntry> {
  if (name.startsWith(FROM_REGISTRY)) return await registry.find(name.slice(FROM_REGISTRY.length));
  const all = shippedCatalogue();
  const entry = all.find((each) => each.name === name);
  if (entry !== undefined) return entry;
  const near = nearest(
    name,
    all.map((each) => each.name),
  );
  throw new GateError(
    'not_found',
    `the catalogue has no ${name}${near === undefined ? '' : ` (did you mean ${near}?)`}; \`server catalogue\` lists what it has, and a server of the MCP registry is registry:NAME`,
  );
}

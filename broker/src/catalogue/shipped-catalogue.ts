// The catalogue that mcpgate ships: well-known MCP servers, as data. Names, versions, addresses, fields and probes were held against what the
// makers publish in November 2026; what could not be is marked (`verified: false`).
import { type CatalogueEntry, CatalogueEntrySchema } from 'mcpgate-shared/api/catalogue';
import { DATA } from './entries/data.ts';
import { DEVELOPMENT } from './entries/development.ts';
import { OPERATIONS } from './entries/operations.ts';
import { WORK } from './entries/work.ts';

let read: readonly CatalogueEntry[] | undefined;

/** By name. Read when it is first asked for: no start of the broker pays for it. */
export function shippedCatalogue(): readonly CatalogueEntry[] {
  return (read ??= [...DEVELOPMENT, ...WORK, ...OPERATIONS, ...DATA]
    .map((entry) => CatalogueEntrySchema.parse(entry))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1)));
}

/** The entries that `word` occurs in, in large or small letters: in name, title, description or maker. */
export function searchedFor(word: string): readonly CatalogueEntry[] {
  const wanted = word.toLowerCase();
  return shippedCatalogue().filter(({ name, title, description, maker }) =>
    [name, title, description, maker].some((text) => text.toLowerCase().includes(wanted)),
  );
}

// A full-text index that ranks tools by how well they match a few words. Sessions with the same selection of tools share one index.
import MiniSearch from 'minisearch';
import { isRecord, parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import type { CatalogItem } from '../lists/catalog.ts';

export interface ToolIndex {
  /** The best matches first, at most `limit`. */
  search(query: string, limit: number): readonly CatalogItem[];
}

export interface ToolIndexes {
  of(tools: readonly CatalogItem[]): Promise<ToolIndex>;
}

/** How many indexes are kept; people with different rights have different selections. */
const MAX_KEPT = 16;
/** How many tools are indexed before other work on the event loop gets its turn. */
const CHUNK = 200;

interface Document {
  id: number;
  name: string;
  title: string;
  description: string;
  parameters: string;
}

function documentOf({ key, text }: CatalogItem, id: number): Document {
  const tool = parseRecord(text) ?? {};
  const schema = isRecord(tool['inputSchema']) ? tool['inputSchema'] : {};
  const properties = isRecord(schema['properties']) ? schema['properties'] : {};
  return {
    id,
    name: key,
    title: stringOf(tool['title']) ?? '',
    description: (stringOf(tool['description']) ?? '').slice(0, 4_000),
    parameters: Object.keys(properties).slice(0, 100).join(' '),
  };
}

/** Splits text into words: `createIssue`, `create_issue` and `create-issue` all give "create issue". */
const wordsOf = (text: string): string[] =>
  text
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');

async function makeIndex(tools: readonly CatalogItem[]): Promise<ToolIndex> {
  const engine = new MiniSearch<Document>({
    fields: ['name', 'title', 'description', 'parameters'],
    tokenize: wordsOf,
    searchOptions: { boost: { name: 4, title: 3 }, prefix: true, fuzzy: (term) => (term.length > 4 ? 0.2 : false) },
  });
  await engine.addAllAsync(tools.map(documentOf), { chunkSize: CHUNK });
  return {
    search(query, limit) {
      const found = engine.search(query).slice(0, limit);
      return found.flatMap(({ id }) => tools[id as number] ?? []);
    },
  };
}

export function createToolIndexes(): ToolIndexes {
  const kept: { tools: readonly CatalogItem[]; index: Promise<ToolIndex> }[] = [];
  const isSame = (a: readonly CatalogItem[], b: readonly CatalogItem[]) =>
    a.length === b.length && a.every((tool, position) => tool === b[position]);
  return {
    of(tools) {
      const known = kept.find((each) => isSame(each.tools, tools));
      if (known !== undefined) return known.index;
      const made = { tools, index: makeIndex(tools) };
      kept.push(made);
      if (kept.length > MAX_KEPT) kept.shift();
      return made.index;
    },
  };
}

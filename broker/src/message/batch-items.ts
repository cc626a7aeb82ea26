// A JSON-RPC batch: several messages in one array. Of all versions of MCP, only 2025-03-26 has batches.
import { onOneLine, scanArray } from 'mcpgate-shared/mcp/json-span';
import { wholeText, type Pieces } from './pieces.ts';

/** The items of the JSON array `text`, each as JSON text on one line; undefined where the text is no JSON array. */
export function batchItems(text: string, pieces?: Pieces): string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  const whole = wholeText(text, pieces);
  try {
    JSON.parse(whole);
  } catch {
    // Not JSON: the caller says so.
    return undefined;
  }
  return scanArray(whole).map(({ start, end }) => onOneLine(whole.slice(start, end)));
}

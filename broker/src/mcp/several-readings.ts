// Says why a JSON body is not taken although it is JSON: programs that read it would not all see the same, or would need much of their stack for it.
import { skipString } from 'mcpgate-shared/mcp/json-span';
import { duplicateKey } from './duplicate-key.ts';

/** So many objects and arrays may stand in each other; what a configuration or a schema says has some ten. */
const MAX_LEVELS = 64;
/** So much of a key is shown. */
const SHOWN_CHARS = 100;

/** To be asked before the text is parsed, which need not be JSON; reads it once. */
export function tooManyLevels(text: string): string | undefined {
  let levels = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      const behind = endOfString(text, at);
      if (behind === undefined) return undefined; // no JSON, as its parser says next
      at = behind - 1;
    } else if (code === 123 || code === 91) {
      levels += 1;
      if (levels > MAX_LEVELS) return `the body is nested deeper than ${MAX_LEVELS} levels`;
    } else if (code === 125 || code === 93) levels -= 1;
  }
  return undefined;
}

/**
 * To be asked once the text was parsed. Of two members with one key some programs take the first and others the last, so that a proxy, which looks
 * at a request first, could let something else pass than is done.
 */
export function severalReadings(text: string): string | undefined {
  const key = duplicateKey(text);
  if (key === undefined) return undefined;
  return `the key ${JSON.stringify(key.slice(0, SHOWN_CHARS))} stands twice in one object of the body; send each key once`;
}

function endOfString(text: string, from: number): number | undefined {
  try {
    return skipString(text, from);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

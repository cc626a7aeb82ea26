// Finds a key that occurs twice in a JSON object, at any depth. JSON parsers disagree on which of the two counts, so the policy could judge one
// value and a server use the other.
import { decodeString, skipString } from 'mcpgate-shared/mcp/json-span';

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;

/** Up to this many keys of an object are compared one by one; more go into a set. */
const FEW = 8;

interface Level {
  /** Undefined for an array. */
  keys: string[] | Set<string> | undefined;
}

/** The first duplicate key in `text.slice(start, end)`, decoded; undefined where there is none. The text must be valid JSON. */
export function duplicateKey(text: string, start = 0, end = text.length): string | undefined {
  const levels: Level[] = [];
  let level: Level | undefined;
  let isKey = false;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const behind = skipString(text, at);
      if (isKey && level?.keys !== undefined) {
        const key = decodeString(text, at, behind);
        if (!add(level, key)) return key;
      }
      isKey = false;
      at = behind - 1;
    } else if (code === 123) {
      level = { keys: [] };
      levels.push(level);
      isKey = true;
    } else if (code === 91) {
      level = { keys: undefined };
      levels.push(level);
      isKey = false;
    } else if (code === 125 || code === 93) {
      levels.pop();
      level = levels.at(-1);
      isKey = false;
    } else if (code === COMMA) isKey = level?.keys !== undefined;
    else if (code === COLON) isKey = false;
  }
  return undefined;
}

function add(level: Level, key: string): boolean {
  const { keys } = level;
  if (keys === undefined) return true;
  if (Array.isArray(keys)) {
    if (keys.includes(key)) return false;
    keys.push(key);
    if (keys.length > FEW) level.keys = new Set(keys);
    return true;
  }
  if (keys.has(key)) return false;
  keys.add(key);
  return true;
}

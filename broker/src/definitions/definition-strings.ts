// The texts in a definition that a model or a person may read, each with its place.
import { isRecord } from '../mcp/json-rpc-guard.ts';

export interface PlacedText {
  /** `description`, `inputSchema.properties.path.description`. */
  at: string;
  text: string;
}

/** Members whose texts are for programs: pictures, and what clients know by agreement. */
const FOR_PROGRAMS: ReadonlySet<string> = new Set(['icons', '_meta']);

/** All texts, the names of members of schemas included. */
export function* textsOf(value: unknown, at = ''): Generator<PlacedText> {
  if (typeof value === 'string') {
    yield { at, text: value };
  } else if (Array.isArray(value)) {
    for (const [index, each] of value.entries()) yield* textsOf(each, `${at}[${index}]`);
  } else if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) {
      if (at === '' && FOR_PROGRAMS.has(name)) continue;
      const place = at === '' ? name : `${at}.${name}`;
      yield { at: place, text: name };
      yield* textsOf(inner, place);
    }
  }
}

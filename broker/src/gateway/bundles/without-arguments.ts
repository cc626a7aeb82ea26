// The schema of a tool's arguments without those that a bundle fixes: also where it combines several schemas, refers to others, or asks for something
// under a condition. What could not be said without them is left out; the server checks its arguments all the same. Pure.
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';

/** A schema that refers to itself, or to others that do, is followed so far. */
const MOST_REFERENCES = 8;

export function withoutArguments(schema: JsonRecord, names: ReadonlySet<string>): JsonRecord {
  const isKept = (name: unknown) => typeof name !== 'string' || !names.has(name);
  const keep = (value: unknown): unknown =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => isKept(key))) : value;
  const speaksOf = (value: unknown): boolean => {
    if (typeof value === 'string') return names.has(value);
    if (Array.isArray(value)) return value.some(speaksOf);
    return isRecord(value) && Object.entries(value).some(([key, inner]) => names.has(key) || speaksOf(inner));
  };

  function cut(part: JsonRecord, references: number): JsonRecord {
    const inner = (value: unknown): unknown => (isRecord(value) ? cut(value, references) : value);
    const left = new Map<string, unknown>();
    const isConditional = speaksOf([part['if'], part['then'], part['else']]);
    for (const [key, value] of Object.entries(part)) {
      if (key === 'required' && Array.isArray(value)) left.set(key, value.filter(isKept));
      else if (/^(?:properties|dependentSchemas|default)$/.test(key)) left.set(key, keep(value));
      else if (key === 'examples' && Array.isArray(value)) left.set(key, value.map(keep));
      else if (/^(?:dependentRequired|dependencies)$/.test(key) && isRecord(value))
        left.set(key, needs(value, references));
      else if (/^(?:allOf|anyOf|oneOf)$/.test(key) && Array.isArray(value)) left.set(key, value.map(inner));
      else if (/^(?:if|then|else)$/.test(key) && isConditional) continue;
      // They count the fixed ones, too.
      else if (/^(?:min|max)Properties$/.test(key)) continue;
      else if (key === 'not' && speaksOf(value)) continue;
      else left.set(key, value);
    }
    const target = typeof part['$ref'] === 'string' ? referredTo(part['$ref']) : undefined;
    if (target === undefined || !asksFor(target, references)) return Object.fromEntries(left);
    // What it refers to may be referred to by other parts, which are about other objects: so it stays, and a copy stands here.
    left.delete('$ref');
    if (references >= MOST_REFERENCES) return Object.fromEntries(left);
    const copy = cut(target, references + 1);
    if (left.size === 0) return copy;
    const all = left.get('allOf');
    left.set('allOf', [...(Array.isArray(all) ? (all as unknown[]) : []), copy]);
    return Object.fromEntries(left);
  }

  function needs(value: JsonRecord, references: number): JsonRecord {
    const rest = Object.entries(value).filter(([name]) => isKept(name));
    return Object.fromEntries(
      rest.map(([name, what]) => {
        if (Array.isArray(what)) return [name, what.filter(isKept)];
        return [name, isRecord(what) ? cut(what, references) : what];
      }),
    );
  }

  /** Whether the part, or one that it refers to, says anything of what is fixed. */
  function asksFor(part: JsonRecord, references: number): boolean {
    if (speaksOf(part)) return true;
    const target = typeof part['$ref'] === 'string' ? referredTo(part['$ref']) : undefined;
    return target !== undefined && references < MOST_REFERENCES && asksFor(target, references + 1);
  }

  /** The part of the schema that a reference within it names. */
  function referredTo(reference: string): JsonRecord | undefined {
    if (!reference.startsWith('#')) return undefined;
    let at: unknown = schema;
    for (const step of reference.slice(1).split('/').slice(1)) {
      if (!isRecord(at) && !Array.isArray(at)) return undefined;
      const key = decodeStep(step);
      at = Object.hasOwn(at, key) ? (at as JsonRecord)[key] : undefined;
    }
    return isRecord(at) ? at : undefined;
  }

  return cut(schema, 0);
}

function decodeStep(step: string): string {
  const plain = step.replaceAll('~1', '/').replaceAll('~0', '~');
  try {
    return decodeURIComponent(plain);
  } catch {
    // It is no percent-encoding, so it means itself.
    return plain;
  }
}

// The filters that IdPs send to find one user or group: `ATTRIBUTE eq "VALUE"`. Others are refused rather than answered wrongly.
import { badRequest } from './scim-error.ts';

const MAX_CHARS = 1_000;
/** A core attribute may be written with its schema before it (RFC 7644, section 3.10). */
export const CORE_PREFIX = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i;

/** What to look for; undefined where there is no filter. Attributes and `eq` are in any case (RFC 7644, section 3.4.2.2). */
export function readFilter<By extends string>(
  filter: string | undefined,
  attributes: readonly By[],
): { by: By; value: string } | undefined {
  if (filter === undefined) return undefined;
  const [, attribute = '', literal = ''] =
    (filter.length <= MAX_CHARS && /^\s*([\w.:$-]+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter)) || [];
  const name = attribute.replace(CORE_PREFIX, '').toLowerCase();
  const by = attributes.find((each) => each.toLowerCase() === name);
  const value = by && readText(literal);
  if (by === undefined || value === undefined)
    throw badRequest(
      'invalidFilter',
      `the filter must be ${attributes.join(', ')} with eq and a text: userName eq "ada"`,
    );
  return { by, value };
}

function readText(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined; // an escape that JSON does not have
  }
}

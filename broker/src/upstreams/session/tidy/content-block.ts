// A block of content as the official SDKs take it: what a server sends under another form keeps its words, as text where there is no better
// form. A client that refuses one block loses the whole answer of a call that was carried out.
import { scanArray } from 'mcpgate-shared/mcp/json-span';
import { isRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { ANNOTATIONS, ICON } from './entry.ts';
import { kindOf, listOf, NUMBER, OBJECT, objectOf, STRING, withMember, type Shape } from './shape.ts';

/** The JSON text of a part with all that was taken out of it (message/pieces.ts). */
export type Whole = (part: string) => string;

/** Members of blocks of all types that are no good are left out; what a type cannot do without is looked at below. */
function blockShape(whole: Whole): Shape {
  /** Words that are written as something else stay words. */
  const words: Shape = (text) => {
    const kind = kindOf(text);
    if (kind === 'string') return text;
    return kind === 'null' ? undefined : JSON.stringify(whole(text));
  };
  const resource = objectOf(
    new Map<string, Shape>([
      ['uri', STRING],
      ['mimeType', STRING],
      ['text', words],
      ['blob', STRING],
      ['_meta', OBJECT],
    ]),
  );
  return objectOf(
    new Map<string, Shape>([
      ['text', words],
      ['data', STRING],
      ['mimeType', STRING],
      ['resource', resource],
      ['uri', STRING],
      ['name', STRING],
      ['title', STRING],
      ['description', STRING],
      ['size', NUMBER],
      ['icons', listOf(ICON)],
      ['annotations', ANNOTATIONS],
      ['_meta', OBJECT],
    ]),
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isResource(value: unknown): boolean {
  return isRecord(value) && isText(value['uri']) && (isText(value['text']) || isText(value['blob']));
}

/** What each type cannot do without. */
const NEEDS: ReadonlyMap<unknown, (block: JsonRecord) => boolean> = new Map([
  ['text', ({ text }: JsonRecord) => isText(text)],
  ['image', ({ data, mimeType }: JsonRecord) => isText(data) && isText(mimeType)],
  ['audio', ({ data, mimeType }: JsonRecord) => isText(data) && isText(mimeType)],
  ['resource', ({ resource }: JsonRecord) => isResource(resource)],
  ['resource_link', ({ uri, name }: JsonRecord) => isText(uri) && isText(name)],
]);
/** What an ordinary block does not have: one that has it is looked at closer. */
const RARE: readonly string[] = ['annotations', 'icons', 'size', 'title', 'description'];
const BASE64 = /^[\w+/=\s-]*$/;

/** Whether nothing is to be done about it, at a glance: this is asked of every block of every answer. */
export function isGoodBlock(block: unknown): boolean {
  if (!isRecord(block) || NEEDS.get(block['type'])?.(block) !== true) return false;
  const { type, data, resource } = block;
  if ((type === 'image' || type === 'audio') && /[,:_-]/.test(String(data))) return false;
  return RARE.every((key) => block[key] === undefined) && isPlain(block) && (!isRecord(resource) || isPlain(resource));
}

function isPlain({ _meta: meta, mimeType, text, blob }: JsonRecord): boolean {
  return (
    (meta === undefined || isRecord(meta)) && [mimeType, text, blob].every((each) => each === undefined || isText(each))
  );
}

/** The JSON text of a block for the text of anything; none for null. */
export function tidyBlock(text: string, whole: Whole): string[] {
  const kind = kindOf(text);
  if (kind === 'null') return [];
  if (kind === 'string') return [`{"type":"text","text":${text}}`];
  if (kind === 'list') return scanArray(text).flatMap(({ start, end }) => tidyBlock(text.slice(start, end), whole));
  if (kind !== 'object') return [textBlock(text, whole)];
  const tidied = blockShape(whole)(text, []) ?? '{}';
  const block = JSON.parse(tidied) as JsonRecord;
  if (isEmptyText(block)) return [];
  const type = typeOf(block);
  if (type === undefined) return [textBlock(text, whole)];
  const good = type === 'image' || type === 'audio' ? encoded(tidied, block, type) : named(tidied, block, type);
  return [block['type'] === type ? good : withMember(without(good, 'type'), 'type', JSON.stringify(type))];
}

/** `{"type":"text","text":null}` */
function isEmptyText(block: JsonRecord): boolean {
  return block['type'] === 'text' && Object.keys(block).every((key) => ['type', 'annotations', '_meta'].includes(key));
}

/** Its own type where it has what that needs, else the one that it looks like; undefined: none, or it would lose what it says. */
function typeOf(block: JsonRecord): string | undefined {
  const { type: own, text, data, uri, resource, mimeType } = block;
  const type = typeof own === 'string' ? own.toLowerCase() : undefined;
  if ((type === 'image' || type === 'audio') && isText(data)) return type;
  if (type === 'resource_link' && isText(uri)) return type;
  if (NEEDS.get(type)?.(block) === true) return type;
  if (isText(text)) return 'text';
  if (isResource(resource)) return 'resource';
  const hint = isText(mimeType) ? mimeType : data;
  const media = isText(hint) ? /^(?:data:)?(image|audio)\//.exec(hint)?.[1] : undefined;
  return isText(data) ? media : undefined;
}

/** `data:image/png;base64,…` says both at once, and some write the letters of addresses. */
function encoded(text: string, block: JsonRecord, type: string): string {
  const data = String(block['data']);
  const [, mimeType, body = data] = /^data:([\w.+-]+\/[\w.+-]+)?[^,]{0,100},([^]*)$/.exec(data) ?? [];
  let out = text;
  if (body !== data || /[_-]/.test(body)) {
    const plain = BASE64.test(body) ? body.replaceAll('-', '+').replaceAll('_', '/') : body;
    out = withMember(without(out, 'data'), 'data', JSON.stringify(plain));
  }
  if (isText(block['mimeType'])) return out;
  return withMember(out, 'mimeType', JSON.stringify(mimeType ?? (type === 'image' ? pictureOf(body) : 'audio/wav')));
}

/** By how the commonest begin in base64. */
function pictureOf(data: string): string {
  if (data.startsWith('/9j/')) return 'image/jpeg';
  if (data.startsWith('R0lGOD')) return 'image/gif';
  return data.startsWith('UklGR') ? 'image/webp' : 'image/png';
}

function named(text: string, block: JsonRecord, type: string): string {
  return type !== 'resource_link' || isText(block['name'])
    ? text
    : withMember(text, 'name', JSON.stringify(block['uri']));
}

const textBlock = (part: string, whole: Whole): string => `{"type":"text","text":${JSON.stringify(whole(part))}}`;
function without(text: string, key: string): string {
  return objectOf(new Map<string, Shape>([[key, () => undefined]]))(text, []) ?? '{}';
}

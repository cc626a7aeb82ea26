// Repairs a block of content so that the official SDKs take it. What a server sends in another form keeps its words, as a block of text where no
// other type fits. Without the repair a client would refuse the block, and with it the whole answer of a call that was executed.
import { scanArray } from 'mcpgate-shared/mcp/json-span';
import { isRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { ANNOTATIONS, ICON } from './entry.ts';
import { kindOf, listOf, NUMBER, OBJECT, objectOf, STRING, withMember, type Shape } from './shape.ts';

/** Returns a part of the answer's JSON text with its pieces put back (message/pieces.ts). */
export type Whole = (part: string) => string;

/** The members that blocks of any type may have; wrong ones are left out. What a type needs is checked by `NEEDS`. */
function blockShape(whole: Whole): Shape {
  /** A text that is written as another JSON value becomes a text. */
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

/** Whether a block has the members that its type needs. */
const NEEDS: ReadonlyMap<unknown, (block: JsonRecord) => boolean> = new Map([
  ['text', ({ text }: JsonRecord) => isText(text)],
  ['image', ({ data, mimeType }: JsonRecord) => isText(data) && isText(mimeType)],
  ['audio', ({ data, mimeType }: JsonRecord) => isText(data) && isText(mimeType)],
  ['resource', ({ resource }: JsonRecord) => isResource(resource)],
  ['resource_link', ({ uri, name }: JsonRecord) => isText(uri) && isText(name)],
]);
/** Members that most blocks do not have; a block with one of them goes through the full check. */
const RARE: readonly string[] = ['annotations', 'icons', 'size', 'title', 'description'];
const BASE64 = /^[\w+/=\s-]*$/;

/** Whether a block certainly needs no repair. A quick check, as every block of every answer goes through it. */
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

/** Makes blocks, as JSON texts, of any JSON text that stands where a block should: none of null, one each of the items of a list. */
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

/** Whether the block is a text without text: `{"type":"text","text":null}`. */
function isEmptyText(block: JsonRecord): boolean {
  return block['type'] === 'text' && Object.keys(block).every((key) => ['type', 'annotations', '_meta'].includes(key));
}

/** The block's own type where it has what that needs, else the type that it looks like; undefined where it fits none without losing content. */
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

/** The image or audio block with its data in base64 and its MIME type: some servers send a `data:` URL, or the URL-safe letters of base64. */
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

/** The MIME type of a picture, by the first letters of its base64; PNG where they are not known. */
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

// Repairs the results of tools and prompts for AI clients. Nothing that a result says is lost; a good result stays to the letter.
import { findMember, scanArray, scanObject } from 'mcpgate-shared/mcp/json-span';
import { isRecord, type JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import { isGoodBlock, tidyBlock, type Whole } from './content-block.ts';
import { kindOf, OBJECT, objectOf, withMember, type Shape } from './shape.ts';

type Tidy = (value: unknown, text: string, whole: Whole) => string;

/** The repair of a result, by method; results of other methods are not repaired here. */
const TIDY: ReadonlyMap<string, Tidy> = new Map<string, Tidy>([
  ['tools/call', tidyToolResult],
  ['tasks/result', tidyToolResult],
  ['prompts/get', tidyPromptResult],
]);

/** Whether a value counts as a result: an object always does, of a tool everything but null does. */
export function isAnswer(method: string, result: unknown): boolean {
  return isRecord(result) || (TIDY.get(method) === tidyToolResult && result !== undefined && result !== null);
}

/** The repaired result. `value`: the result, parsed; `text`: the same as JSON text; `whole`: puts the pieces of a part back. */
export function tidyResult(method: string, value: unknown, text: string, whole: Whole): string {
  return TIDY.get(method)?.(value, text, whole) ?? text;
}

/** Whether `isError` means an error; some servers write it as a word or a number. */
export function saysError(isError: unknown): boolean {
  return isError === true || isError === 1 || (typeof isError === 'string' && /^(?:true|1|yes)$/i.test(isError));
}

const MEMBERS = objectOf(
  new Map<string, Shape>([
    ['_meta', OBJECT],
    ['isError', (text) => (kindOf(text) === 'null' ? undefined : String(saysError(JSON.parse(text))))],
    ['structuredContent', (text) => (kindOf(text) === 'null' ? undefined : text)],
  ]),
);
/** Members of a result that are not what the tool itself says. */
const FRAME: ReadonlySet<string> = new Set([
  '_meta',
  'isError',
  'resultType',
  'structuredContent',
  'content',
  'ttlMs',
  'cacheScope',
]);

/** Whether the result has no content yet, because the call goes on as a task, or asks a question first. */
function isUnderWay({ task, resultType }: JsonRecord): boolean {
  return isRecord(task) || (typeof resultType === 'string' && resultType !== 'complete');
}

function isGoodResult({ content, isError, structuredContent, _meta }: JsonRecord): boolean {
  return (
    Array.isArray(content) &&
    content.every(isGoodBlock) &&
    (isError === undefined || typeof isError === 'boolean') &&
    structuredContent !== null &&
    (_meta === undefined || isRecord(_meta))
  );
}

function tidyToolResult(value: unknown, text: string, whole: Whole): string {
  if (!isRecord(value)) return `{"content":${blocksOf(text, whole)}}`;
  if (isUnderWay(value) || isGoodResult(value)) return text;
  const tidied = MEMBERS(text, []) ?? '{}';
  const { members } = scanObject(tidied);
  const content = findMember(members, 'content');
  if (content !== undefined && kindOf(tidied.slice(content.start)) !== 'null')
    return (
      tidied.slice(0, content.start) +
      blocksOf(tidied.slice(content.start, content.end), whole) +
      tidied.slice(content.end)
    );
  const bare = objectOf(new Map<string, Shape>([['content', () => undefined]]))(tidied, []) ?? '{}';
  return withMember(bare, 'content', blocksOf(wordsOf(bare), whole));
}

/** What a result without `content` says, as JSON text: its `toolResult` (MCP of 2024-10-07), or the members that MCP does not know; else null. */
function wordsOf(bare: string): string {
  const { members } = scanObject(bare);
  const old = findMember(members, 'toolResult');
  if (old !== undefined) return bare.slice(old.start, old.end);
  const own = members.filter(({ key }) => !FRAME.has(key));
  if (own.length === 0) return 'null';
  return `{${own.map(({ keyStart, end }) => bare.slice(keyStart, end)).join(',')}}`;
}

const blocksOf = (text: string, whole: Whole): string => `[${tidyBlock(text, whole).join(',')}]`;

function tidyPromptResult(value: unknown, text: string, whole: Whole): string {
  if (!isRecord(value) || isUnderWay(value) || isGoodPrompt(value)) return text;
  const messages = (own: string): string[] => {
    const kind = kindOf(own);
    if (kind === 'null') return [];
    if (kind === 'list') return scanArray(own).flatMap(({ start, end }) => messages(own.slice(start, end)));
    const content = kind === 'object' ? memberText(own, 'content') : undefined;
    const role = kind === 'object' && /^"assistant"$/i.test(memberText(own, 'role') ?? '') ? 'assistant' : 'user';
    // A message of a prompt has one block of content, so each block becomes a message.
    return tidyBlock(content ?? own, whole).map((block) => `{"role":"${role}","content":${block}}`);
  };
  const shapes = new Map<string, Shape>([
    ['_meta', OBJECT],
    ['description', (own) => (kindOf(own) === 'string' ? own : undefined)],
    ['messages', (own) => `[${messages(own).join(',')}]`],
  ]);
  const tidied = objectOf(shapes)(text, []) ?? '{}';
  return 'messages' in value ? tidied : withMember(tidied, 'messages', '[]');
}

function isGoodPrompt({ messages, description, _meta }: JsonRecord): boolean {
  return (
    Array.isArray(messages) &&
    messages.every(
      (each) =>
        isRecord(each) && (each['role'] === 'user' || each['role'] === 'assistant') && isGoodBlock(each['content']),
    ) &&
    (description === undefined || typeof description === 'string') &&
    (_meta === undefined || isRecord(_meta))
  );
}

function memberText(text: string, key: string): string | undefined {
  const found = findMember(scanObject(text).members, key);
  return found === undefined ? undefined : text.slice(found.start, found.end);
}

// Search mode, for clients with many tools and little context: `search_tools`, `describe_tool` and `call_tool` stand for the whole list. The
// rules hold for what is found and called, and a tool that is called goes the way of every call.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, type JsonMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { isRecord, type JsonRecord, parseRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { mistakable } from '../edges/admission.ts';
import { asShown, type CatalogItem } from '../lists/catalog.ts';
import { listKind, reachableServers } from '../lists/lists.ts';
import { CALL_TOOL_KEYS } from '../edges/methods.ts';
import { requestByName } from '../call/named-request.ts';
import { errorReply, type Reply, resultReply } from '../reply.ts';
import { tooLong } from '../edges/request-bounds.ts';
import { type Handling, madeRequest } from '../request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import type { SessionScope } from '../session-scope.ts';
import { toolLimitOf } from './search-rule.ts';

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 50;
const SUMMARY_CHARS = 300;

const readOnly = { readOnlyHint: true, openWorldHint: false };
const name = { type: 'string', description: 'The name of a tool, as search_tools gave it.' };

/** The three tools as `tools/list` shows them. */
const TOOLS = [
  {
    name: 'search_tools',
    title: 'Search tools',
    description:
      'Finds tools by what they do. There are many more tools than these three: search here first, read the one that fits with ' +
      'describe_tool, then use it with call_tool.',
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'A few words for what is to be done, such as "create issue".' },
        limit: {
          type: 'integer',
          minimum: 1,
          maximum: MAX_LIMIT,
          description: `How many to list; ${DEFAULT_LIMIT} unless said.`,
        },
      },
      required: ['query'],
    },
    annotations: readOnly,
  },
  {
    name: 'describe_tool',
    title: 'Describe a tool',
    description: 'The whole description of one tool: what it does and the schema of its arguments.',
    inputSchema: { type: 'object', properties: { name }, required: ['name'] },
    annotations: readOnly,
  },
  {
    name: 'call_tool',
    title: 'Call a tool',
    description: 'Calls a tool that search_tools found, with arguments that fit the schema of describe_tool.',
    inputSchema: {
      type: 'object',
      properties: { name, arguments: { type: 'object', description: 'The arguments of the tool.' } },
      required: ['name'],
    },
  },
] as const;

const SEARCH_TOOLS_RESULT = JSON.stringify({ tools: TOOLS });

export function isSearchTool(toolName: unknown): boolean {
  return TOOLS.some((tool) => tool.name === toolName);
}

/** Answers a `tools/call` of one of the three. Rejects only where the rules cannot be read. */
export async function callSearchTool(parts: GatewayParts, scope: SessionScope, handling: Handling): Promise<Reply> {
  const { params } = handling.request;
  const args: JsonRecord = isRecord(params['arguments']) ? params['arguments'] : {};
  if (params['name'] === 'call_tool') return await callThrough(parts, scope, handling, args);
  const reachable = await reachableServers(parts, scope, 'tools', () => undefined);
  const tools = reachable.flatMap(({ allowed }) => allowed ?? []);
  const shown = (tool: CatalogItem) => asShown(tool, scope);
  if (params['name'] === 'describe_tool') {
    const wanted = stringOf(args['name']);
    const tool = tools.find((each) => shown(each).key === wanted);
    if (tool === undefined) {
      return failed(
        `there is no tool ${JSON.stringify(wanted ?? null).slice(0, 200)}; find its name with search_tools`,
      );
    }
    return text(shown(tool).text);
  }
  const query = stringOf(args['query'])?.slice(0, 500) ?? '';
  if (query.trim() === '') return failed('"query" must hold a few words for what is to be done');
  const limit =
    typeof args['limit'] === 'number' ? Math.min(Math.max(1, Math.floor(args['limit'])), MAX_LIMIT) : DEFAULT_LIMIT;
  const index = await parts.toolIndexes.of(tools);
  const found = index.search(query, limit).map((tool) => summaryOf(shown(tool)));
  if (found.length === 0) return text(`No tool of ${tools.length} fits ${JSON.stringify(query)}; try other words.`);
  return text(JSON.stringify({ tools: found, of: tools.length }, null, 1), { tools: found, of: tools.length });
}

function summaryOf({ key, text: toolText }: { key: string; text: string }): JsonRecord {
  const tool = parseRecord(toolText) ?? {};
  const description = (stringOf(tool['description']) ?? '').trim();
  const short = description.length <= SUMMARY_CHARS ? description : `${description.slice(0, SUMMARY_CHARS - 1)}…`;
  return { name: key, ...(stringOf(tool['title']) && { title: tool['title'] }), description: short };
}

/** Answers `call_tool` by calling the tool that it names, as if the client had called it. Its arguments are passed on as the text that was sent. */
async function callThrough(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Handling,
  args: JsonRecord,
): Promise<Reply> {
  const { request } = handling;
  const slice = ({ start, end }: JsonMember) => request.text.slice(start, end);
  const given = request.paramsSpan?.members ?? [];
  const argsAt = findMember(given, 'arguments');
  const toolName = stringOf(args['name']);
  if (toolName === undefined || argsAt === undefined || isSearchTool(toolName)) {
    return failed('"name" must be the name of a tool, as search_tools gave it');
  }
  const inner = scanObject(request.text, argsAt.start);
  const key = CALL_TOOL_KEYS.mistakable(inner.members);
  if (key !== undefined) {
    parts.refused.note(scope.principal, 'mistakable_key', 'tools/call');
    return errorReply(RPC_CODE.invalidParams, mistakable(key));
  }
  // Members of the call's params other than the tool's name and arguments, such as `_meta` and a retry's answers (2026-07-28), are kept.
  const isOfCall = (name: string) => !CALL_TOOL_KEYS.has(name);
  const innerArgs = args['arguments'] === null ? undefined : findMember(inner.members, 'arguments');
  const call = madeRequest(
    'tools/call',
    {
      ...Object.fromEntries(Object.entries(request.params).filter(([name]) => isOfCall(name))),
      name: toolName,
      ...(innerArgs !== undefined && { arguments: args['arguments'] }),
    },
    [
      ['name', JSON.stringify(toolName)],
      ...(innerArgs === undefined ? [] : [['arguments', slice(innerArgs)] as const]),
      ...given.filter((member) => isOfCall(member.key)).map((member) => [member.key, slice(member)] as const),
    ],
  );
  const long = tooLong('', call.method, call.params, call.paramsSpan);
  if (long !== undefined) return failed(long);
  return await requestByName(parts, scope, { ...handling, request: { ...call, pieces: request.pieces } }, 'tools');
}

function text(said: string, structuredContent?: JsonRecord): Reply {
  const content = [{ type: 'text', text: said }];
  return resultReply(JSON.stringify({ content, ...(structuredContent && { structuredContent }) }));
}

function failed(why: string): Reply {
  return resultReply(JSON.stringify({ content: [{ type: 'text', text: `[mcpgate] ${why}` }], isError: true }));
}

/** Answers `tools/list` with every tool, or with the three search tools, as the session asked or as `search-rule.ts` decides. */
export async function listTools(
  parts: GatewayParts,
  scope: SessionScope,
  handling: Pick<Handling, 'request' | 'onLate'>,
): Promise<Reply> {
  if (!scope.searchesTools && scope.toolMode === undefined) {
    const limit = toolLimitOf(parts.searchRules, scope.client.name);
    if (limit !== undefined) {
      const reachable = await reachableServers(parts, scope, 'tools', () => handling.onLate('tools'));
      scope.searchesTools = reachable.reduce((sum, { allowed }) => sum + (allowed?.length ?? 0), 0) > limit;
    }
  }
  return scope.searchesTools ? resultReply(SEARCH_TOOLS_RESULT) : await listKind(parts, scope, handling, 'tools');
}

// Tables of all methods that an AI client may send, in both generations of MCP: how mcpgate handles each, which members its params may have,
// and which member names the thing that the rules judge. Methods and members that are not in these tables never reach a server.
import { OWN_PARAMS } from 'mcpgate-shared/mcp/own-methods';
import { ANSWER_META, RELATED_TASK, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { createKnownKeys, type KnownKeys } from '../../mcp/folded-key.ts';

/** How a request is handled. */
export type Way =
  /** A tool or prompt: judged by its name, recorded, sent to its server. */
  | 'named'
  /** A resource: judged by its URI, recorded, sent to its server. */
  | 'resource'
  /** A completion: judged by its prompt or resource template, recorded, sent to its server. */
  | 'completion'
  /** An event type: judged by its name, recorded, sent to its server. */
  | 'event'
  /** A task: must be the caller's own, judged by the tool that made it, recorded, sent to its server. */
  | 'task'
  /** A list: what the servers list, as far as the rules allow the caller to see it; the params go to no server. */
  | 'list'
  /** Answered by mcpgate itself; the params go to no server. */
  | 'here';

export interface RequestMethod {
  readonly way: Way;
  /** The member of the params that names what the rules judge; null: nothing is judged. */
  readonly judged: 'name' | 'uri' | 'ref' | 'taskId' | null;
  /** Which generation of MCP has the method. */
  readonly generation: 'legacy' | 'modern' | 'both';
  readonly params: KnownKeys;
}

type Row = readonly [way: Way, judged: RequestMethod['judged'], generation: RequestMethod['generation'], ...string[]];

/** The members that a retry adds (2026-07-28, "Multi Round-Trip Requests"). */
const RETRY = ['inputResponses', 'requestState'];

/** mcpgate's own methods, for the commands on a laptop. */
const OWN_ROWS = Object.entries(OWN_PARAMS).map(([method, members]): [string, Row] => [
  method,
  ['here', null, 'legacy', ...members],
]);

const REQUEST_ROWS: Readonly<Record<string, Row>> = {
  'tools/call': ['named', 'name', 'both', 'name', 'arguments', 'task', ...RETRY],
  'prompts/get': ['named', 'name', 'both', 'name', 'arguments', ...RETRY],
  'resources/read': ['resource', 'uri', 'both', 'uri', ...RETRY],
  'resources/subscribe': ['resource', 'uri', 'legacy', 'uri'],
  'resources/unsubscribe': ['resource', 'uri', 'legacy', 'uri'],
  'completion/complete': ['completion', 'ref', 'both', 'ref', 'argument', 'context'],
  'tasks/get': ['task', 'taskId', 'both', 'taskId'],
  'tasks/cancel': ['task', 'taskId', 'both', 'taskId'],
  'tasks/result': ['task', 'taskId', 'legacy', 'taskId'],
  'tasks/update': ['task', 'taskId', 'modern', 'taskId', ...RETRY],
  'tasks/list': ['task', null, 'legacy', 'cursor'],
  'tools/list': ['list', null, 'both', 'cursor'],
  'prompts/list': ['list', null, 'both', 'cursor'],
  'resources/list': ['list', null, 'both', 'cursor'],
  'resources/templates/list': ['list', null, 'both', 'cursor'],
  // The Skills extension.
  'skills/list': ['list', null, 'both', 'cursor'],
  'skills/get': ['resource', 'uri', 'both', 'uri'],
  'resources/directory/read': ['resource', 'uri', 'both', 'uri', 'cursor'],
  // The Events extension.
  'events/list': ['list', null, 'both', 'cursor'],
  'events/poll': ['event', 'name', 'both', 'name', 'arguments', 'cursor', 'maxAgeMs', 'maxEvents'],
  'events/stream': ['event', 'name', 'both', 'name', 'arguments', 'cursor', 'maxAgeMs'],
  'events/subscribe': ['event', 'name', 'both', 'name', 'arguments', 'delivery', 'cursor', 'maxAgeMs', 'ttlMs'],
  'events/unsubscribe': ['event', 'name', 'both', 'name', 'arguments', 'delivery'],
  initialize: ['here', null, 'legacy', 'protocolVersion', 'capabilities', 'clientInfo'],
  ping: ['here', null, 'legacy'],
  'logging/setLevel': ['here', null, 'legacy', 'level'],
  'server/discover': ['here', null, 'modern'],
  // Each resource that it names is followed by a request of its own, which is judged.
  'subscriptions/listen': ['here', null, 'modern', 'notifications'],
};

export const REQUESTS: ReadonlyMap<string, RequestMethod> = new Map(
  [...Object.entries(REQUEST_ROWS), ...OWN_ROWS].map(([method, [way, judged, generation, ...members]]) => [
    method,
    { way, judged, generation, params: createKnownKeys(['_meta', ...members]) },
  ]),
);

/** Whether requests of the method are recorded. The end of a session waits for these. */
export function isRecorded(method: string): boolean {
  const way = REQUESTS.get(method)?.way;
  return way !== 'list' && way !== 'here';
}

/** Whether a request lasts until one of both ends it: nothing waits for it, and it is ended with an answer. */
export const isLasting = (method: string): boolean => method === 'events/stream';

/** The type that a member of a notification must have. */
type Field = 'id' | 'number' | 'text' | 'any';

export interface NotificationMethod {
  readonly params: KnownKeys;
  readonly required: Readonly<Record<string, Field>>;
  readonly optional: Readonly<Record<string, Field>>;
}

type NotificationRow = Pick<NotificationMethod, 'required' | 'optional'>;

const NOTIFICATION_ROWS: Readonly<Record<string, NotificationRow>> = {
  // Handled by mcpgate: cancels one of the session's own requests.
  'notifications/cancelled': { required: { requestId: 'id' }, optional: { reason: 'any' } },
  'notifications/initialized': { required: {}, optional: {} },
  // Goes to the server whose question it is about.
  'notifications/progress': {
    required: { progressToken: 'id', progress: 'number' },
    optional: { total: 'number', message: 'text' },
  },
  // Goes to connections that belong to the session alone.
  'notifications/roots/list_changed': { required: {}, optional: {} },
  // Goes to the server that the task was made for.
  'notifications/tasks/status': {
    required: { taskId: 'text', status: 'text' },
    optional: {
      statusMessage: 'text',
      createdAt: 'text',
      lastUpdatedAt: 'text',
      ttl: 'any',
      pollInterval: 'number',
    },
  },
};

export const NOTIFICATIONS: ReadonlyMap<string, NotificationMethod> = new Map(
  Object.entries(NOTIFICATION_ROWS).map(([method, row]) => [
    method,
    {
      ...row,
      params: createKnownKeys(['_meta', ...Object.keys(row.required), ...Object.keys(row.optional)]),
    },
  ]),
);

/** Members of a JSON-RPC message. */
export const MESSAGE_KEYS = createKnownKeys(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
/** Members of `_meta` that mcpgate or servers interpret; all others belong to the programs that use them. */
export const META_KEYS = createKnownKeys([
  'progressToken',
  RELATED_TASK,
  ...Object.values(REQUEST_META),
  ...Object.values(ANSWER_META),
]);
/** Members of the `ref` of a completion. */
export const REF_KEYS = createKnownKeys(['type', 'name', 'uri']);
/** Members of the arguments of `call_tool`. */
export const CALL_TOOL_KEYS = createKnownKeys(['name', 'arguments']);

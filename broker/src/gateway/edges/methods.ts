// Everything that an AI client may send, in both generations of MCP: what mcpgate does with it, which members of its params it knows, and
// which of them names what is judged. What is not in these tables goes nowhere, and neither does a member that is not.
import { ANSWER_META, RELATED_TASK, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { createKnownKeys, type KnownKeys } from './folded-key.ts';

/** What becomes of a request. */
export type Way =
  /** A tool or prompt: the rules for its name, a record, then its server. */
  | 'named'
  /** A resource: the rules for its URI, a record, then its server. */
  | 'resource'
  /** A prompt or a resource template: the rules for it, a record, then its server. */
  | 'completion'
  /** A task: whose it is, the rules for the tool that made it, a record, then its server. */
  | 'task'
  /** What the rules let the caller see of the servers' lists; nothing of the params goes to a server. */
  | 'list'
  /** Answered by mcpgate; what servers are told of it mcpgate writes itself. */
  | 'here';

export interface RequestMethod {
  readonly way: Way;
  /** The member that names what is judged; null: nothing is. */
  readonly judged: 'name' | 'uri' | 'ref' | 'taskId' | null;
  /** Which generation of MCP has it. */
  readonly generation: 'legacy' | 'modern' | 'both';
  readonly params: KnownKeys;
}

type Row = readonly [way: Way, judged: RequestMethod['judged'], generation: RequestMethod['generation'], ...string[]];

/** What a retry brings (2026-07-28, "Multi Round-Trip Requests"). */
const RETRY = ['inputResponses', 'requestState'];

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
  initialize: ['here', null, 'legacy', 'protocolVersion', 'capabilities', 'clientInfo'],
  ping: ['here', null, 'legacy'],
  'logging/setLevel': ['here', null, 'legacy', 'level'],
  'mcpgate/session': ['here', null, 'legacy'],
  'server/discover': ['here', null, 'modern'],
  // The resources that it names are followed one by one, each as a request of its own.
  'subscriptions/listen': ['here', null, 'modern', 'notifications'],
};

export const REQUESTS: ReadonlyMap<string, RequestMethod> = new Map(
  Object.entries(REQUEST_ROWS).map(([method, [way, judged, generation, ...members]]) => [
    method,
    { way, judged, generation, params: createKnownKeys(['_meta', ...members]) },
  ]),
);

/** Whether a request of the method has a record, which whoever ends the session waits for. */
export function isRecorded(method: string): boolean {
  const way = REQUESTS.get(method)?.way;
  return way !== 'list' && way !== 'here';
}

/** What a member of a notification must be. */
type Field = 'id' | 'number' | 'text' | 'any';

export interface NotificationMethod {
  readonly params: KnownKeys;
  readonly required: Readonly<Record<string, Field>>;
  readonly optional: Readonly<Record<string, Field>>;
}

type NotificationRow = Pick<NotificationMethod, 'required' | 'optional'>;

const NOTIFICATION_ROWS: Readonly<Record<string, NotificationRow>> = {
  // To mcpgate: which of the session's own requests.
  'notifications/cancelled': { required: { requestId: 'id' }, optional: { reason: 'any' } },
  'notifications/initialized': { required: {}, optional: {} },
  // To the one server whose question it is about.
  'notifications/progress': {
    required: { progressToken: 'id', progress: 'number' },
    optional: { total: 'number', message: 'text' },
  },
  // To the session's own connections.
  'notifications/roots/list_changed': { required: {}, optional: {} },
  // To the one server that the task was made for.
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

/** Members of a message. */
export const MESSAGE_KEYS = createKnownKeys(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
/** Members of `_meta` that mean something between a client, mcpgate and a server; all others are of those who use them. */
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

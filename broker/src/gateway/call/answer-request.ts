// The functions that answer requests for tools, prompts, resources, tasks and lists, by method, for clients of both generations of MCP.
// methods.ts says which generation has which method; each edge answers `initialize`, `ping` and the like itself.
import type { ListKind } from '../../mcp/list-kind.ts';
import { inView } from '../bundles/in-bundle.ts';
import { complete } from './complete.ts';
import { requestOfEvent } from '../extensions/event-request.ts';
import { listOfExtension } from '../extensions/extension-lists.ts';
import { listKind } from '../lists/lists.ts';
import { requestByName } from './named-request.ts';
import { requestByUri } from './resource-request.ts';
import type { Answerer } from './answerer.ts';
import { followResource, unfollowResource } from '../resources/subscribe.ts';
import { listTasks } from '../tasks/list-tasks.ts';
import { requestOfTask } from '../tasks/task-request.ts';
import { callSearchTool, isSearchTool, listTools } from '../search/search-tools.ts';

const listOf =
  (kind: ListKind): Answerer =>
  (parts, scope, handling) =>
    listKind(parts, scope, handling, kind);

const ALL: ReadonlyMap<string, Answerer> = new Map<string, Answerer>([
  [
    'tools/call',
    (parts, scope, handling) =>
      scope.searchesTools && isSearchTool(handling.request.params['name'])
        ? callSearchTool(parts, scope, handling)
        : requestByName(parts, scope, handling, 'tools'),
  ],
  ['prompts/get', (parts, scope, handling) => requestByName(parts, scope, handling, 'prompts')],
  ['resources/read', (parts, scope, handling) => requestByUri(parts, scope, handling)],
  ['resources/directory/read', (parts, scope, handling) => requestByUri(parts, scope, handling)],
  ['skills/get', (parts, scope, handling) => requestByUri(parts, scope, handling)],
  ['skills/list', listOfExtension],
  ['events/list', listOfExtension],
  ['events/poll', requestOfEvent],
  ['events/stream', requestOfEvent],
  ['events/subscribe', requestOfEvent],
  ['events/unsubscribe', requestOfEvent],
  ['resources/subscribe', followResource],
  ['resources/unsubscribe', unfollowResource],
  ['completion/complete', complete],
  ['tasks/get', requestOfTask],
  ['tasks/result', requestOfTask],
  ['tasks/cancel', requestOfTask],
  ['tasks/update', requestOfTask],
  ['tasks/list', listTasks],
  ['tools/list', listTools],
  ['prompts/list', listOf('prompts')],
  ['resources/list', listOf('resources')],
  ['resources/templates/list', listOf('templates')],
]);

/** Of each method, in whatever the session shows. */
export const ANSWERERS: ReadonlyMap<string, Answerer> = new Map(
  [...ALL].map(([method, answer]) => [method, inView(answer)]),
);

// What a session that shows a bundle is answered. It has tools, and the resources that these show or link to; of prompts and extensions it lists none.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { Answerer } from '../call/answerer.ts';
import { stringOf } from '../../mcp/json-rpc-guard.ts';
import { errorReply, resultReply } from '../reply.ts';
import { callBundle } from './bundle-call.ts';
import { listBundle } from './bundle-list.ts';
import { viewOf } from './session-view.ts';

const EMPTY_LISTS: ReadonlyMap<string, string> = new Map([
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
  ['skills/list', 'skills'],
  ['events/list', 'events'],
]);
const NOT_IN_BUNDLES = /^(?:prompts|skills|events)\//;

/** The answerer, with what a bundle changes about it. */
export function inView(answer: Answerer): Answerer {
  return async (parts, scope, handling) => {
    // Where the rules cannot be read, the request itself fails with the error.
    const view = await viewOf(parts, scope).catch(() => scope);
    const { bundle } = view;
    if (bundle === undefined) return await answer(parts, view, handling);
    const { method, params } = handling.request;
    const list = EMPTY_LISTS.get(method);
    if (list !== undefined) return resultReply(`{"${list}":[]}`);
    if (method === 'tools/list') return await listBundle(parts, view, bundle, handling);
    if (method === 'tools/call') return await callBundle(parts, view, bundle, handling);
    const { bundle: _none, ...other } = view;
    if (bundle.isDefault || !NOT_IN_BUNDLES.test(method)) return await answer(parts, other, handling);
    parts.refused.note(scope.principal, 'unknown_name', method);
    const written = JSON.stringify(stringOf(params['name']) ?? stringOf(params['uri']) ?? '').slice(0, 200);
    return errorReply(RPC_CODE.invalidParams, `there is no ${written} in bundle ${bundle.name}, which has tools alone`);
  };
}

// `tools/call` in a bundle: finds the tool that a name of the bundle means, puts in the arguments that are fixed, and has the call go the way of every
// other one, under the tool's true name.
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import type { BundleTool } from '../../domain/bundle.ts';
import { isRecord, stringOf } from '../../mcp/json-rpc-guard.ts';
import { CONNECT } from '../../policy/connecting.ts';
import { requestByName } from '../call/named-request.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { exposedName } from '../../mcp/exposed-name.ts';
import { cannotBeGiven, givenThoughFixed } from '../../policy/shown-bundle.ts';
import { errorReply, resultReply, type Reply } from '../reply.ts';
import { madeRequest, type Handling, type Request } from '../request.ts';
import type { SessionScope } from '../session-scope.ts';

type Shown = NonNullable<SessionScope['bundle']>;

/** So many arguments of a large call can be looked at (message/pieces.ts). */
const MOST_ARGUMENTS = 256;

/** Never rejects. */
export async function callBundle(
  parts: GatewayParts,
  scope: SessionScope,
  bundle: Shown,
  handling: Handling,
): Promise<Reply> {
  const { request } = handling;
  const { name } = request.params;
  const entry = bundle.tools.find((tool) => tool.name === name);
  const servers = parts.upstreams.servers(scope.principal.workspaceId);
  if (entry === undefined) {
    // The tool with which an account is connected belongs to no bundle, and works in each that has something of its server.
    const connects = servers.some(
      ({ id, name: server }) =>
        name === exposedName(server, CONNECT) && bundle.tools.some(({ serverId }) => serverId === id),
    );
    const { bundle: _none, ...other } = scope;
    // A bundle that nobody asked for by its name hides tools and takes none away.
    if (connects || bundle.isDefault) return await requestByName(parts, other, handling, 'tools');
    return missing(parts, scope, bundle, request);
  }
  const server = servers.find(({ id }) => id === entry.serverId);
  if (server === undefined) return missing(parts, scope, bundle, request);
  const made = withFixed(request, bundle, entry, exposedName(server.name, entry.tool));
  if (typeof made === 'string') return refused(made);
  return await requestByName(parts, scope, { ...handling, request: made }, 'tools');
}

function missing(parts: GatewayParts, { principal }: SessionScope, bundle: Shown, { method, params }: Request): Reply {
  parts.refused.note(principal, 'unknown_name', method);
  const written = JSON.stringify(stringOf(params['name']) ?? null).slice(0, 200);
  return errorReply(
    RPC_CODE.invalidParams,
    `there is no tool ${written} in bundle ${bundle.name}; list the tools again`,
  );
}

/** The call of the server's tool; a sentence where the client sends an argument that is fixed. */
function withFixed(request: Request, bundle: Shown, entry: BundleTool, name: string): Request | string {
  const { fixed } = entry;
  const { text, params, paramsSpan, method, pieces } = request;
  const given = params['arguments'];
  const args = isRecord(given) ? given : {};
  const members = paramsSpan?.members ?? [];
  const argsAt = findMember(members, 'arguments');
  const slice = ({ start, end }: JsonMember) => text.slice(start, end);
  const own = argsAt === undefined || !isRecord(given) ? undefined : scanObject(text, argsAt.start);
  const names = Object.keys(fixed);
  if (names.length > 0) {
    const whose = `; bundle ${bundle.name} says what it is for ${entry.name}`;
    if (given !== undefined && !isRecord(given)) return `"arguments" must be an object${whose}`;
    // What is past these is not in the text of a large call, and one that is fixed may be among it.
    if (pieces !== undefined && (own?.members.length ?? 0) > MOST_ARGUMENTS)
      return `more than ${MOST_ARGUMENTS} arguments cannot be checked for those that are fixed${whose}`;
    const sent = givenThoughFixed(entry, args, own?.members ?? []);
    if (sent !== undefined) return cannotBeGiven(sent, bundle, entry);
  }
  const fixedText = names.map((each) => `${JSON.stringify(each)}:${JSON.stringify(fixed[each])}`).join(',');
  const ownText = own === undefined ? '' : text.slice(own.start + 1, own.end - 1);
  const isEmpty = (own?.members.length ?? 0) === 0;
  const argsText = isEmpty ? `{${fixedText}}` : `{${fixedText}${fixedText === '' ? '' : ','}${ownText}}`;
  const hasArgs = argsAt !== undefined || names.length > 0;
  const others = members.filter(({ key }) => key !== 'name' && key !== 'arguments');
  const made = madeRequest(method, { ...params, name, ...(names.length > 0 && { arguments: { ...fixed, ...args } }) }, [
    ['name', JSON.stringify(name)],
    ...(hasArgs ? [['arguments', names.length === 0 && argsAt !== undefined ? slice(argsAt) : argsText] as const] : []),
    ...others.map((member) => [member.key, slice(member)] as const),
  ]);
  return { ...made, pieces, trace: request.trace };
}

function refused(why: string): Reply {
  return resultReply(JSON.stringify({ content: [{ type: 'text', text: `[mcpgate] ${why}` }], isError: true }));
}

// `tools/list` in a bundle: its tools under their names and texts there, without the arguments that are fixed, as far as the rules allow the caller to
// call them through the bundle.
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import type { Bundle, BundleTool } from '../../domain/bundle.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { parseRecord } from '../../mcp/json-rpc-guard.ts';
import { ruleNames, type RuleNames } from '../../policy/naming.ts';
import { verdictOnConnecting } from '../../policy/connecting.ts';
import { factsWithoutCall } from '../call/facts.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { asShown } from '../lists/catalog.ts';
import { inTime } from '../lists/in-time.ts';
import { readList } from '../lists/lists.ts';
import { resultReply, type Reply } from '../reply.ts';
import type { Handling } from '../request.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';
import { inBundle } from './bundle-names.ts';
import { withoutArguments } from './without-arguments.ts';

/** Rejects where the rules cannot be read. */
export async function listBundle(
  parts: GatewayParts,
  scope: SessionScope,
  bundle: Bundle,
  { onLate }: Pick<Handling, 'onLate'>,
): Promise<Reply> {
  const { principal, requester } = scope;
  const policy = await parts.policies.get(principal.workspaceId);
  const facts = factsWithoutCall(parts, scope);
  const foresee = ({ name: server }: ServerRecord, names: RuleNames) =>
    policy.foresee({ principal, server, names, facts });
  const servers = new Map(serversOf(parts.upstreams, scope).map((server) => [server.id, server]));
  const offered = bundle.tools.flatMap((entry) => {
    const server = servers.get(entry.serverId);
    if (server === undefined) return [];
    // Whether the tool only reads is not known before it is listed.
    const mayBe = (['unknown', 'read'] as const).some((toolClass) => {
      const names = ruleNames('tools', server.name, entry.tool, toolClass);
      return foresee(server, inBundle(scope, names)).decision !== 'deny';
    });
    return mayBe ? [{ entry, server }] : [];
  });
  // Servers of which the caller may call nothing here are not started.
  const needed = [...new Set(offered.map(({ server }) => server))];
  const lists = await Promise.all(
    needed.map(
      async (server) =>
        parts.catalog.fresh('tools', server, requester) ??
        (await inTime(parts, server, scope, 'tools', readList(parts, scope, 'tools', server), () => onLate('tools'))) ??
        parts.catalog.known('tools', server, requester),
    ),
  );
  const listOf = new Map<ServerRecord, (typeof lists)[number]>(needed.map((server, index) => [server, lists[index]]));
  const texts = offered.flatMap(({ entry, server }) => {
    const item = listOf.get(server)?.byOwnKey.get(entry.tool);
    if (item === undefined || item.isOwn === true) return [];
    const isDenied = foresee(server, inBundle(scope, item.ruleNames)).decision === 'deny';
    return isDenied ? [] : [toolText(asShown(item, scope).text, entry)];
  });
  // Where a server lists nothing before its caller has an account there, the tool that makes one stands in the list.
  const toConnect = lists.flatMap((list, index) => {
    const server = needed[index];
    return (list?.all ?? []).flatMap((item) => {
      if (item.isOwn !== true || server === undefined) return [];
      const verdict = verdictOnConnecting(policy, { principal, server: server.name, facts });
      return verdict.decision === 'deny' ? [] : [item.text];
    });
  });
  return resultReply(`{"tools":[${[...texts, ...toConnect].join(',')}]}`);
}

/** The entry of a server's list as the bundle shows it. */
function toolText(text: string, { name, description, fixed }: BundleTool): string {
  const put = new Map<string, string>([['name', JSON.stringify(name)]]);
  if (description !== null) put.set('description', JSON.stringify(description));
  const { members } = scanObject(text);
  const schemaAt = findMember(members, 'inputSchema');
  const schema = schemaAt && parseRecord(text.slice(schemaAt.start, schemaAt.end));
  const names = new Set(Object.keys(fixed));
  if (schema !== undefined && names.size > 0) put.set('inputSchema', JSON.stringify(withoutArguments(schema, names)));
  const kept = members.filter(({ key }) => !put.has(key)).map(({ keyStart, end }) => text.slice(keyStart, end));
  return `{${[...[...put].map(([key, value]) => `"${key}":${value}`), ...kept].join(',')}}`;
}

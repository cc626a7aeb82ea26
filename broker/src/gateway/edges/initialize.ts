// Answers `initialize` (up to 2025-11-25) and `server/discover` (from 2026-07-28 on): sums up the capabilities and instructions of the servers
// that the caller may use.
import { legacyVersionFor, MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { toGateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isRecord, type JsonRecord } from '../../mcp/json-rpc-guard.ts';
import type { ServerFacts } from '../../upstreams/upstream.ts';
import { viewOf } from '../bundles/session-view.ts';
import { extensionsOf } from '../extensions/declared.ts';
import { inTime } from '../lists/in-time.ts';
import { markReservedMembers } from '../call/reserved-text.ts';
import type { GatewayParts } from '../gateway-parts.ts';
import { serversOf, type SessionScope } from '../session-scope.ts';
import { isUsable, offersSomething, usableServers } from '../lists/usable-servers.ts';

const ANSWERS =
  'A result that starts with "[mcpgate denied]" is a decision of the administrators: tell the person what it says, do not work around it. ' +
  'One that starts with "[mcpgate]" says what to do.';
const MANY = `These are the tools of your organisation’s MCP servers, through mcpgate; names are SERVER__TOOL. ${ANSWERS}`;
const ONE = `This is one of your organisation’s MCP servers, through mcpgate. ${ANSWERS}`;
/** How many characters of each server's instructions, and of all together, go into those of a session with several servers. */
const MAX_INSTRUCTIONS = 2_000;
const MAX_ALL_INSTRUCTIONS = 12_000;
/** The limit in a session that shows one server. */
const MAX_INSTRUCTIONS_ALONE = 100_000;

/** What mcpgate offers a session. */
export interface Offer {
  capabilities: JsonRecord;
  /** `serverInfo`, as JSON text. */
  serverInfoText: string;
  instructions: string;
}

/**
 * Waits for servers that have not connected yet, as long as a list does. Where the rules cannot be read, the offer contains nothing of any
 * server.
 */
async function offerOf(parts: GatewayParts, given: SessionScope): Promise<Offer> {
  const scope = await viewOf(parts, given).catch(() => given);
  const bundle = scope.bundle?.isDefault === false ? scope.bundle : undefined;
  const usable = await usableServers(parts, scope).catch((error: unknown) => {
    parts.log.debug({ error: toGateError(error).message }, 'a session begins without knowing what it may use');
    return undefined;
  });
  const servers = usable ?? [];
  const [facts, texts] = await Promise.all([
    Promise.all(servers.map((server) => factsOf(parts, scope, server))),
    Promise.all(servers.map((server) => instructionsFor(parts, scope, server))),
  ]);
  const known = servers.flatMap((server, index) => {
    const said = facts[index];
    return said === undefined ? [] : [{ server, said }];
  });
  const one = scope.only === undefined ? undefined : known[0];
  const isComplete = known.length === usable?.length;
  const extensions = extensionsOf(
    known.map(({ said }) => said),
    scope.requester.generation,
  );
  return {
    capabilities:
      one === undefined
        ? {
            ...(bundle === undefined ? merged(known, isComplete) : ofBundle(merged(known, isComplete))),
            ...tasksOf(known, scope.requester.generation),
            ...(extensions !== undefined && { extensions }),
          }
        : ownCapabilities(one.said, scope.requester.generation, extensions),
    serverInfoText: serverInfoText(parts, scope),
    instructions:
      bundle !== undefined
        ? bundleInstructions(bundle)
        : instructionsOf(
            servers.map(({ name }, index) => ({ name, text: texts[index] ?? '' })),
            scope.only !== undefined,
          ),
  };
}

/** `serverInfo` as JSON text: mcpgate, or the one server that the session shows under its own names. */
export function serverInfoText(parts: GatewayParts, scope: SessionScope): string {
  const server = scope.only === undefined ? undefined : serversOf(parts.upstreams, scope)[0];
  const isShown = server !== undefined && isUsable(parts, scope, server.name);
  const said = isShown ? parts.upstreams.facts(server, scope.requester) : undefined;
  return server === undefined || said === undefined
    ? JSON.stringify({ name: 'mcpgate', version: parts.brokerVersion })
    : markReservedMembers(said.infoText, ['title', 'description'], server.name);
}

/** The `initialize` result as JSON text. */
export async function initializeResult(parts: GatewayParts, scope: SessionScope, params: JsonRecord): Promise<string> {
  const protocolVersion = legacyVersionFor(params['protocolVersion']);
  const offer = await offerOf(parts, scope);
  const instructions = JSON.stringify(offer.instructions);
  return `{"protocolVersion":"${protocolVersion}","capabilities":${JSON.stringify(offer.capabilities)},"serverInfo":${offer.serverInfoText},"instructions":${instructions}}`;
}

async function factsOf(
  parts: GatewayParts,
  scope: SessionScope,
  server: ServerRecord,
): Promise<ServerFacts | undefined> {
  const { requester } = scope;
  const known = parts.upstreams.facts(server, requester);
  if (known !== undefined) return known;
  const connected = parts.upstreams.acquire(server, requester).then(({ facts }) => facts);
  return inTime(parts, server, scope, 'handshake', connected);
}

/** The server's instructions, for callers who may use something that it offers; undefined where that is not known in time. */
async function instructionsFor(
  parts: GatewayParts,
  scope: SessionScope,
  server: ServerRecord,
): Promise<string | undefined> {
  const { requester, principal } = scope;
  const asked = async (): Promise<string> => {
    const facts = parts.upstreams.facts(server, requester) ?? (await parts.upstreams.acquire(server, requester)).facts;
    const said = facts.instructions?.trim() ?? '';
    // Also where there are none: those that come later are a change.
    const text = await parts.definitions.instructions(server, requester, said);
    if (text === '') return '';
    const policy = await parts.policies.get(principal.workspaceId);
    return (await offersSomething(parts, scope, policy, server, facts)) ? text : '';
  };
  return inTime(parts, server, scope, 'instructions', asked());
}

type Known = readonly { server: ServerRecord; said: ServerFacts }[];

/**
 * The capabilities of several servers as one. Every list is said to change, because rules change them too. A server that has not answered yet
 * may offer anything.
 */
function merged(known: Known, isComplete: boolean): JsonRecord {
  const any = (fits: (capabilities: JsonRecord) => boolean) =>
    !isComplete || known.some(({ said }) => fits(said.capabilities));
  const offers = (name: string) => any((capabilities) => isRecord(capabilities[name]));
  return {
    tools: { listChanged: true },
    ...(offers('prompts') && { prompts: { listChanged: true } }),
    ...(offers('resources') && { resources: { listChanged: true, subscribe: any(canSubscribe) } }),
    ...(offers('completions') && { completions: {} }),
    ...(offers('logging') && { logging: {} }),
    // What the Events extension was before it was one; some clients look for it there.
    ...(known.some(({ said }) => isRecord(said.capabilities['events'])) && { events: {} }),
  };
}

/** A bundle has tools, and resources that these show or link to. */
function ofBundle({ prompts: _prompts, completions: _completions, ...rest }: JsonRecord): JsonRecord {
  return rest;
}

function bundleInstructions({ name, description }: NonNullable<SessionScope['bundle']>): string {
  const what = `These are tools of your organisation’s MCP servers, put together as ${name}, through mcpgate. ${ANSWERS}`;
  return description === null ? what : `${what}\n\n${description}`;
}

/** Tasks of the two generations are not compatible; those of 2026-07-28 are an extension. */
function tasksOf(known: Known, generation: ServerFacts['generation']): JsonRecord {
  const offers = known.some(({ said }) => said.generation === 'legacy' && isRecord(said.capabilities['tasks']));
  if (generation !== 'legacy' || !offers) return {};
  return { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } };
}

/** The capabilities of one server as it declared them, except that every list is said to change. */
function ownCapabilities(
  said: ServerFacts,
  generation: ServerFacts['generation'],
  extensions: JsonRecord | undefined,
): JsonRecord {
  const { tasks, extensions: _own, events, ...rest } = said.capabilities;
  const isSame = said.generation === generation;
  const capabilities: JsonRecord = {
    ...rest,
    ...(events !== undefined && { events: {} }),
    ...(isSame && tasks !== undefined && { tasks }),
    ...(extensions !== undefined && { extensions }),
  };
  const withChanges = (name: string) =>
    isRecord(capabilities[name]) ? { [name]: { ...capabilities[name], listChanged: true } } : {};
  return { ...capabilities, ...withChanges('tools'), ...withChanges('prompts'), ...withChanges('resources') };
}

const canSubscribe = ({ resources }: JsonRecord) => isRecord(resources) && resources['subscribe'] === true;

function instructionsOf(said: readonly { name: string; text: string }[], isAlone: boolean): string {
  const [most, mostOfAll] = isAlone
    ? [MAX_INSTRUCTIONS_ALONE, Infinity]
    : ([MAX_INSTRUCTIONS, MAX_ALL_INSTRUCTIONS] as const);
  let text = isAlone ? ONE : MANY;
  for (const { name, text: own } of said) {
    if (own === '') continue;
    const part = `\n\nServer ${name} says of itself: ${own.length > most ? `${own.slice(0, most)}…` : own}`;
    if (text.length + part.length <= mostOfAll) text += part;
  }
  return text;
}

/** The `server/discover` result as JSON text. */
export async function discoverResult(parts: GatewayParts, scope: SessionScope): Promise<string> {
  const { capabilities, instructions } = await offerOf(parts, scope);
  const versions = JSON.stringify([MODERN_VERSION]);
  return `{"supportedVersions":${versions},"capabilities":${JSON.stringify(capabilities)},"instructions":${JSON.stringify(instructions)}}`;
}

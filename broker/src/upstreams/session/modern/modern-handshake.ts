// The handshake of MCP from 2026-07-28 on: what mcpgate says of itself in every request, and what a server says of itself in its answer to
// `server/discover`.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { ANSWER_META, LEGACY_VERSIONS, MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { AttemptError } from '../../attempt.ts';
import { isRecord, parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import { isModernError } from './modern-error.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { OF_APPS } from '../offered-apps.ts';
import { withMeta } from '../request-meta.ts';
import { tidyIntroduction } from '../tidy/introduction.ts';
import type { ServerFacts, UpstreamReply } from '../../upstream.ts';

/**
 * The capabilities of AI clients that mcpgate can pass on. They are declared in mcpgate's own requests (discovery, lists), so that a server does
 * not leave out tools that only some clients can use.
 */
export const PASSED_ON = `{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}},${OF_APPS}}`;

/** `paramsText` with the keys that every request must have in its `_meta`; other keys stay. */
export function withClientMeta(
  paramsText: string,
  who: { brokerVersion: string; capabilitiesText: string; logLevel?: string | undefined },
): string {
  const clientInfo = JSON.stringify({ name: 'mcpgate', version: who.brokerVersion });
  const { logLevel } = who;
  return withMeta(paramsText, [
    [REQUEST_META.protocolVersion, `"${MODERN_VERSION}"`],
    [REQUEST_META.clientInfo, clientInfo],
    [REQUEST_META.clientCapabilities, who.capabilitiesText],
    ...(logLevel === undefined ? [] : [[REQUEST_META.logLevel, JSON.stringify(logLevel)] as const]),
  ]);
}

/** What `server/discover` found out. `legacy`: the server is no modern one, or says that it speaks older versions only. */
export type Discovery = { kind: 'modern'; facts: ServerFacts } | { kind: 'legacy'; why: string };

/** Throws `upstream` where the server speaks only versions that mcpgate does not know, or refuses as a modern server. */
export function readDiscovery(serverName: string, reply: UpstreamReply): Discovery {
  const body = parseRecord(reply.text) ?? {};
  if (reply.kind === 'error') {
    const why = stringOf(body['message']) ?? 'no reason given';
    if (!isModernError(body)) return { kind: 'legacy', why };
    const data = isRecord(body['data']) ? body['data'] : {};
    if (body['code'] === RPC_CODE.unsupportedProtocolVersion) return unsupported(serverName, data['supported']);
    throw final(`server ${serverName} refused server/discover: ${quoteForeign(why)}`);
  }
  const versions = body['supportedVersions'];
  if (!Array.isArray(versions)) return { kind: 'legacy', why: 'its answer to server/discover names no versions' };
  if (!versions.includes(MODERN_VERSION)) return unsupported(serverName, versions);
  return {
    kind: 'modern',
    facts: {
      generation: 'modern',
      protocolVersion: MODERN_VERSION,
      ...tidyIntroduction(serverName, reply.text, infoIn(reply.text), false),
    },
  };
}

function unsupported(serverName: string, supported: unknown): Discovery {
  const versions = Array.isArray(supported) ? supported.filter((each) => typeof each === 'string') : [];
  if (versions.length === 0 || versions.some((each) => LEGACY_VERSIONS.includes(each))) {
    return { kind: 'legacy', why: `it does not support ${MODERN_VERSION}` };
  }
  const said = versions.map((each) => each.slice(0, 40)).slice(0, 10);
  const known = [...LEGACY_VERSIONS, MODERN_VERSION].join(', ');
  throw final(`server ${serverName} speaks protocol versions ${JSON.stringify(said)}; known are ${known}`);
}

/** An error after which the legacy handshake is not tried. */
function final(message: string): AttemptError {
  return new AttemptError('upstream', message, { outcome: 'incompatible' });
}

function infoIn(text: string): JsonMember | undefined {
  const { members } = scanObject(text, 0, ['_meta']);
  // Drafts of 2026-07-28 had `serverInfo` beside the capabilities.
  const own = findMember(findMember(members, '_meta')?.inner?.members ?? [], ANSWER_META.serverInfo);
  return own ?? findMember(members, 'serverInfo');
}

// What mcpgate says of itself in every request of 2026-07-28, and what a server answers to `server/discover`.
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { findMember, scanObject, type JsonMember } from 'mcpgate-shared/mcp/json-span';
import { ANSWER_META, LEGACY_VERSIONS, MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { AttemptError } from '../../attempt.ts';
import { isRecord, parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import { isModernError } from './modern-error.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { withMeta } from '../request-meta.ts';
import { tidyIntroduction } from '../tidy/introduction.ts';
import type { ServerFacts, UpstreamReply } from '../../upstream.ts';

/**
 * What mcpgate can pass on of AI clients: said where nobody in particular asks (discovery, lists), so that a server does not keep back what
 * only some of them can use.
 */
export const PASSED_ON = '{"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}}}';

/** `paramsText` with what every request must say in its `_meta`; other keys of it stay. */
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

/** `legacy`: it is no modern server, or says itself that it speaks only what was before. */
export type Discovery = { kind: 'modern'; facts: ServerFacts } | { kind: 'legacy'; why: string };

/** Throws `upstream` where it speaks versions that are not known here. */
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

/** The older handshake would not help. */
function final(message: string): AttemptError {
  return new AttemptError('upstream', message, { outcome: 'incompatible' });
}

function infoIn(text: string): JsonMember | undefined {
  const { members } = scanObject(text, 0, ['_meta']);
  // Drafts of the revision had it beside the capabilities.
  const own = findMember(findMember(members, '_meta')?.inner?.members ?? [], ANSWER_META.serverInfo);
  return own ?? findMember(members, 'serverInfo');
}

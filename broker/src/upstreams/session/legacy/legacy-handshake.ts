// The handshake of MCP up to 2025-11-25: the params of `initialize`, and what the server's answer says of it.
import { GateError } from 'mcpgate-shared/error';
import { findMember, scanObject } from 'mcpgate-shared/mcp/json-span';
import { LATEST_LEGACY_VERSION, LEGACY_VERSIONS } from 'mcpgate-shared/mcp/protocol-version';
import { parseRecord, stringOf } from '../../../mcp/json-rpc-guard.ts';
import { quoteForeign } from '../../../mcp/quote-foreign.ts';
import { tidyIntroduction } from '../tidy/introduction.ts';
import type { ServerFacts, UpstreamReply } from '../../upstream.ts';

/** The params of `initialize`. `capabilitiesText`: what the AI client can do, as JSON text of an object. */
export function initializeParams(brokerVersion: string, capabilitiesText: string): string {
  const clientInfo = JSON.stringify({ name: 'mcpgate', version: brokerVersion });
  return `{"protocolVersion":"${LATEST_LEGACY_VERSION}","capabilities":${capabilitiesText},"clientInfo":${clientInfo}}`;
}

/** Throws `upstream` where the server refused the handshake, or named a version that mcpgate does not know. */
export function readFacts(serverName: string, reply: UpstreamReply): ServerFacts {
  const body = parseRecord(reply.text) ?? {};
  if (reply.kind === 'error') {
    const why = stringOf(body['message']) ?? 'no reason given';
    throw new GateError('upstream', `server ${serverName} refused the handshake: ${quoteForeign(why)}`);
  }
  const version = stringOf(body['protocolVersion']);
  if (version === undefined || !LEGACY_VERSIONS.includes(version)) {
    const said = version === undefined ? 'none' : JSON.stringify(version.slice(0, 40));
    const known = LEGACY_VERSIONS.join(', ');
    throw new GateError('upstream', `server ${serverName} speaks protocol version ${said}; known are ${known}`);
  }
  return {
    generation: 'legacy',
    protocolVersion: version,
    ...tidyIntroduction(serverName, reply.text, findMember(scanObject(reply.text).members, 'serverInfo'), true),
  };
}

// Makes the wires to a server at a URL ready: Streamable HTTP, and HTTP with SSE for servers of 2024-11-05.
import { GateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../../domain/server-record.ts';
import { inWorkspace } from '../../../domain/workspace.ts';
import type { Transport } from '../../../domain/transports/transports.ts';
import { secretNamesOf } from '../../secrets/resolved-transport.ts';
import { maskedEvents, type PrepareWire } from '../prepared-wire.ts';
import { openSseWire } from '../sse/sse-wire.ts';
import { openHttpWire } from './http-wire.ts';

/** Who can do something about credentials that a server refuses, and by which command. */
function whenRefused(record: ServerRecord): string {
  const { name, workspaceId, credential, account } = record;
  if (credential === 'personal' && account !== null)
    return `whose account it is connects it again with "mcpgate connect ${name}"`;
  const where = inWorkspace(workspaceId);
  if (account !== null)
    return `an administrator connects it again with "mcpgate-broker server connect ${name}${where}"`;
  const commands = [...secretNamesOf(record)].map((secret) => `"mcpgate-broker secret set ${secret}${where}"`);
  return commands.length === 0
    ? `its record names none; an administrator adds a header with "mcpgate-broker server edit ${name}${where}"`
    : `an administrator can replace them with ${commands.join(' or ')}`;
}

export const prepareHttp: PrepareWire<Transport<'http'>> = (
  deps,
  transport,
  { record, mask: { text: mask, message: messageMask }, carries },
) => {
  if (!URL.canParse(transport.url))
    throw new GateError('config', `server ${record.name} has no valid URL; register it again`);
  const url = new URL(transport.url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new GateError(
      'config',
      `server ${record.name} is registered with ${url.protocol}// and not http:// or https://`,
    );
  }
  const options = {
    serverName: record.name,
    whenRefused: whenRefused(record),
    url,
    headers: transport.headers,
    carries,
    clock: deps.clock,
    mask,
    messageMask,
    maxMessageBytes: deps.maxMessageBytes,
  };
  return {
    openWire: (events) => openHttpWire(options, maskedEvents(events, messageMask)),
    openSseWire: (events) => openSseWire(options, maskedEvents(events, messageMask)),
    where: url.origin,
    outOfReach: undefined,
  };
};

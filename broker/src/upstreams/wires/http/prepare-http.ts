// Makes the wires to a server at a URL ready: Streamable HTTP, and HTTP with SSE for servers of 2024-11-05.
import { GateError } from 'mcpgate-shared/error';
import type { ServerRecord } from '../../../domain/server-record.ts';
import { inWorkspace } from '../../../domain/workspace.ts';
import { identityHeaderOf, type Transport } from '../../../domain/transports/transports.ts';
import { secretNamesOf, type SecretSourceNames } from '../../secrets/resolved-transport.ts';
import { maskedEvents, type PrepareWire } from '../prepared-wire.ts';
import { openSseWire } from '../sse/sse-wire.ts';
import { openHttpWire } from './http-wire.ts';

/** Who can do something about credentials that a server refuses, and by which command. */
function whenRefused(record: ServerRecord, sources: SecretSourceNames): string {
  const { name, workspaceId, credential, account } = record;
  if (credential === 'personal' && account !== null)
    return `whose account it is connects it again with "mcpgate connect ${name}"`;
  const where = inWorkspace(workspaceId);
  if (account !== null)
    return `an administrator connects it again with "mcpgate-broker server connect ${name}${where}"`;
  const names = [...secretNamesOf(record)];
  if (names.length === 0)
    return identityHeaderOf(record.transport) === undefined
      ? `its record names none; an administrator adds a header with "mcpgate-broker server edit ${name}${where}"`
      : 'it is told who asks, so that it wants to be called by a person who is logged in';
  // To set a secret that is read elsewhere would end that.
  const elsewhere = names.flatMap((secret) => {
    const source = sources.get(secret);
    return source === undefined ? [] : [`the value of ${secret} where it is read from: ${source}`];
  });
  const commands = names
    .filter((secret) => !sources.has(secret))
    .map((secret) => `"mcpgate-broker secret set ${secret}${where}"`);
  return [
    ...(commands.length === 0 ? [] : [`an administrator can replace them with ${commands.join(' or ')}`]),
    ...(elsewhere.length === 0 ? [] : [`an administrator changes ${elsewhere.join(', or ')}`]),
  ].join('; or ');
}

export const prepareHttp: PrepareWire<Transport<'http'>> = (
  deps,
  transport,
  { record, mask: { text: mask, message: messageMask }, sources, carries },
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
    whenRefused: whenRefused(record, sources),
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

// Makes the wires to a server at a URL ready: Streamable HTTP, and HTTP with SSE for servers of 2024-11-05.
import { GateError } from 'mcpgate-shared/error';
import type { Transport } from '../../../domain/transports/transports.ts';
import { maskedEvents, type PrepareWire } from '../prepared-wire.ts';
import { openSseWire } from '../sse/sse-wire.ts';
import { openHttpWire } from './http-wire.ts';

export const prepareHttp: PrepareWire<Transport<'http'>> = (
  deps,
  transport,
  { record, mask: { text: mask, message: messageMask }, bearer },
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
    workspaceId: record.workspaceId,
    url,
    headers: transport.headers,
    bearer,
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

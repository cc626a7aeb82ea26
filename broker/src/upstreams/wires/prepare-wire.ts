// How the wire of each kind of transport is made ready. The rest of what kinds of transport differ in is in domain/transports/, which knows
// no sockets and processes.
import type { Transport, TransportKind } from '../../domain/transports/transports.ts';
import { prepareHttp } from './http/prepare-http.ts';
import type { PreparedWire, PrepareWire, WireDeps, WireRequest } from './prepared-wire.ts';
import { prepareStdio } from './stdio/prepare-stdio.ts';

const WIRES: { readonly [K in TransportKind]: PrepareWire<Transport<K>> } = {
  stdio: prepareStdio,
  http: prepareHttp,
};

/** `transport`: with its secrets filled in. Throws `config` where the transport cannot be used. */
export async function prepareWire<K extends TransportKind>(
  deps: WireDeps,
  transport: Transport<K>,
  request: WireRequest,
): Promise<PreparedWire> {
  return await WIRES[transport.kind](deps, transport, request);
}

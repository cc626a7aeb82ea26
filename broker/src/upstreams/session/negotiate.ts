// Finds out which generation of MCP a server speaks (2026-07-28, "Versioning", and the transports' "Backward Compatibility"): the server is asked
// `server/discover`; where it does not know that, it gets `initialize` on the same connection.
import { noticeText } from 'mcpgate-shared/mcp/rpc-text';
import type { Clock } from 'mcpgate-shared/clock';
import { GateError, toGateError } from 'mcpgate-shared/error';
import { MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { attemptOf } from '../attempt.ts';
import { initializeParams, readFacts } from './legacy/legacy-handshake.ts';
import { PASSED_ON, readDiscovery, withClientMeta, type Discovery } from './modern/modern-handshake.ts';
import { remedy } from '../remedy.ts';
import type { RpcPeer } from './rpc-peer.ts';
import type { ServerFacts } from '../upstream.ts';

/** A server that has not answered `server/discover` for so long gets `initialize` too; the first answer counts. */
const PATIENCE_MS = 3_000;
const MAX_DEPTH = 64;
const NEVER = new AbortController().signal;

export interface NegotiateOptions {
  serverName: string;
  peer: RpcPeer;
  clock: Clock;
  brokerVersion: string;
  /** What the AI client can do, for `initialize`, as JSON text of an object. */
  capabilitiesText: string;
  timeoutMs: number;
  /** The generation that the server spoke last time; undefined: not known. */
  known: ServerFacts['generation'] | undefined;
}

/** Does the handshake, and returns what the server says of itself. Throws GateError. */
export async function negotiate(options: NegotiateOptions): Promise<ServerFacts> {
  const facts = options.known === 'legacy' ? await oldFirst(options) : await newFirst(options);
  // The capabilities are written again later, for AI clients, and a deep value would overflow the stack then.
  if (isDeeperThan(facts.capabilities, MAX_DEPTH))
    throw new GateError('upstream', `server ${options.serverName} declares capabilities that are nested too deep`);
  if (facts.generation === 'modern') return facts;
  const { wire } = options.peer;
  wire.established(facts.protocolVersion, false);
  // The server must get this before anything else. One that does not confirm it in time may have got it all the same.
  const over = new AbortController();
  const told = wire.send(noticeText('notifications/initialized'));
  await Promise.race([told, patience(options, over.signal)]).finally(() => over.abort());
  told.catch(() => undefined);
  wire.established(facts.protocolVersion, true);
  return facts;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(each, levels - 1));
}

async function newFirst(options: NegotiateOptions): Promise<ServerFacts> {
  const over = new AbortController();
  const discovered = discover(options, over.signal);
  const found = await Promise.race([discovered, patience(options, over.signal)]).catch((error: unknown) => {
    over.abort();
    throw error;
  });
  if (found !== 'silent') {
    over.abort();
    return found.kind === 'modern' ? found.facts : await initialize(options);
  }
  const modern = discovered.then((late) => {
    if (late.kind === 'modern') return late.facts;
    throw new GateError('upstream', late.why);
  });
  const legacy = initialize(options);
  // Where both fail, the error of `initialize` says more: every server knows that method.
  return await Promise.any([modern, legacy])
    .catch(() => legacy)
    .finally(() => over.abort());
}

async function oldFirst(options: NegotiateOptions): Promise<ServerFacts> {
  try {
    return await initialize(options);
  } catch (error) {
    if (!saysSomething(error)) throw error;
    const found = await discover(options, NEVER).catch(() => undefined);
    if (found?.kind === 'modern') return found.facts;
    throw error;
  }
}

async function discover(options: NegotiateOptions, signal: AbortSignal): Promise<Discovery> {
  const { serverName, peer, timeoutMs } = options;
  const method = 'server/discover';
  const paramsText = withClientMeta('{}', { brokerVersion: options.brokerVersion, capabilitiesText: PASSED_ON });
  const headers = ['mcp-protocol-version', MODERN_VERSION, 'mcp-method', method];
  try {
    const request = { method, paramsText, signal, ...(peer.wire.answersInSend && { headers }) };
    return readDiscovery(serverName, await peer.send(request, timeoutMs));
  } catch (error) {
    if (!saysSomething(error) || peer.isClosed) throw error;
    return { kind: 'legacy', why: toGateError(error).message };
  }
}

/** Whether a failed handshake may mean that the server does not know the method. */
function saysSomething(error: unknown): boolean {
  return remedy(attemptOf(error), { what: 'handshake' }) === 'other_generation';
}

async function initialize({
  serverName,
  peer,
  brokerVersion,
  capabilitiesText,
  timeoutMs,
}: NegotiateOptions): Promise<ServerFacts> {
  const paramsText = initializeParams(brokerVersion, capabilitiesText);
  return readFacts(serverName, await peer.send({ method: 'initialize', paramsText, signal: NEVER }, timeoutMs));
}

function patience({ clock }: NegotiateOptions, over: AbortSignal): Promise<'silent'> {
  return new Promise((resolve) => {
    const cancel = clock.after(PATIENCE_MS, () => resolve('silent'));
    over.addEventListener('abort', cancel, { once: true });
  });
}

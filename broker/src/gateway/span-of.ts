// The span of a request, as a child of what its caller says in `_meta`, or beside the message.
import type { CallSpan } from '../domain/outside/call-span.ts';
import { readTraceParent } from '../domain/outside/call-span.ts';
import { isRecord } from '../mcp/json-rpc-guard.ts';
import type { GatewayParts } from './gateway-parts.ts';
import type { Request } from './request.ts';
import type { Judged } from './call/call-intent.ts';

/** Undefined where calls are not traced. */
export function spanOf(
  { traces }: Pick<GatewayParts, 'traces'>,
  { method, params, trace }: Request,
  { startedAt }: Pick<Judged, 'startedAt'>,
): CallSpan | undefined {
  if (traces === undefined) return undefined;
  const meta = params['_meta'];
  const parent = isRecord(meta) ? readTraceParent(meta['traceparent'], meta['tracestate']) : undefined;
  return traces.begin(parent ?? trace, { method, startedAt });
}

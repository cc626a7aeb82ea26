// Compares the arguments of a tool call with the HTTP headers that repeat them (`x-mcp-header`); they must be equal (MCP 2026-07-28, Streamable
// HTTP, "Custom Headers from Tool Parameters").
import { headerParamsOf } from '../../../mcp/repeated-headers.ts';
import { isRecord } from '../../../mcp/json-rpc-guard.ts';
import type { Request } from '../../request.ts';
import { serverByName } from '../../call/route.ts';
import type { ParamHeaders } from '../../gateway.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';

/** A sentence about the first header that does not match, or undefined. Goes by the tool's schema in the list that clients get. */
export function paramMismatch(
  parts: GatewayParts,
  scope: SessionScope,
  { params }: Request,
  headers: ParamHeaders,
): string | undefined {
  const { name } = params;
  const route = typeof name === 'string' ? serverByName(parts, scope, name) : undefined;
  const list = route && parts.catalog.known('tools', route.server, scope.requester);
  const tool = route && list?.[scope.only === undefined ? 'byKey' : 'byOwnKey'].get(route.written);
  const repeated = tool === undefined ? [] : headerParamsOf(tool.ownText);
  if (typeof repeated === 'string') return undefined;
  for (const { header, path } of repeated) {
    let value: unknown = params['arguments'];
    for (const key of path) value = isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
    const said = headers.get(header);
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    const isSame = typeof value === 'number' ? said !== undefined && Number(said) === value : said === String(value);
    if (!isSame) return `the header ${header} does not say what the argument ${path.join('.')} says`;
  }
  return undefined;
}

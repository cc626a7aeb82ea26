// What a token may be for (RFC 8707): one of the broker's doors, or one server behind the MCP door.
import type { Audience } from '../../domain/principal.ts';
import { audienceUris } from './oauth-settings.ts';

export interface Resource {
  audience: Audience;
  /** Name or UUID: `/mcp/NAME-or-UUID`. Undefined: the whole door. */
  server?: string;
}

const SERVER_SHAPE = /^[A-Za-z0-9-]{1,64}$/;

/** The resource that `uri` names; undefined for what is none of this broker's. */
export function readResource(uri: string, issuer: string): Resource | undefined {
  const { tunnel, mcp, api } = audienceUris(issuer);
  if (uri === tunnel) return { audience: 'tunnel' };
  if (uri === api) return { audience: 'api' };
  if (uri === mcp) return { audience: 'mcp' };
  const server = uri.startsWith(`${mcp}/`) ? uri.slice(mcp.length + 1) : '';
  return SERVER_SHAPE.test(server) ? { audience: 'mcp', server } : undefined;
}

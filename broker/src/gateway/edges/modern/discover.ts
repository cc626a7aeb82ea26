// `server/discover`: what `initialize` said in earlier versions, without a handshake.
import { MODERN_VERSION } from 'mcpgate-shared/mcp/protocol-version';
import { offerOf } from '../initialize.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import type { SessionScope } from '../../session-scope.ts';

/** The result as JSON text. */
export async function discoverResult(parts: GatewayParts, scope: SessionScope): Promise<string> {
  const { capabilities, instructions } = await offerOf(parts, scope);
  const versions = JSON.stringify([MODERN_VERSION]);
  return `{"supportedVersions":${versions},"capabilities":${JSON.stringify(capabilities)},"instructions":${JSON.stringify(instructions)}}`;
}

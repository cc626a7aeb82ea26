// Handles mcpgate's own methods with which a laptop reports tokens in the files of AI clients and proposes servers: checks their params, and
// passes them to `laptops`.
import { ProposalFormSchema } from 'mcpgate-shared/api/proposals';
import { TOKEN_METHODS, TokenReportSchema } from 'mcpgate-shared/api/laptop-tokens';
import { GateError } from 'mcpgate-shared/error';
import type { z } from 'zod';
import type { Laptops } from '../../../laptops/laptops.ts';
import type { JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import { usableServers } from '../../lists/usable-servers.ts';
import { resultReply, type Reply } from '../../reply.ts';
import type { Handling } from '../../request.ts';
import type { SessionScope } from '../../session-scope.ts';

type LaptopRequest = (
  laptops: Laptops,
  parts: GatewayParts,
  scope: SessionScope,
  params: JsonRecord,
) => Promise<unknown>;

const REQUESTS: Readonly<Record<string, LaptopRequest>> = {
  [TOKEN_METHODS.key]: async (laptops, parts, scope) =>
    laptops.tokenKey(scope.principal, await usableServers(parts, scope)),
  [TOKEN_METHODS.report]: async (laptops, parts, scope, params) =>
    await laptops.report(scope.principal, read(TokenReportSchema, params), await usableServers(parts, scope)),
  [TOKEN_METHODS.propose]: async (laptops, _parts, scope, params) =>
    await laptops.propose(scope.principal, read(ProposalFormSchema, params)),
};

/** Undefined where the method is another one. Throws what `Laptops` throws, and `usage`. */
export async function answerLaptop(
  parts: GatewayParts,
  scope: SessionScope,
  { request }: Handling,
): Promise<Reply | undefined> {
  const answer = REQUESTS[request.method];
  if (answer === undefined || parts.laptops === undefined) return undefined;
  return resultReply(JSON.stringify(await answer(parts.laptops, parts, scope, request.params)));
}

/** What was sent is in no message: it should be none, but it is not ours. */
function read<S extends z.ZodType>(schema: S, { _meta, ...params }: JsonRecord): z.output<S> {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  const where = checked.error.issues.map(({ path }) => path.map(String).join('.')).join(', ');
  throw new GateError('usage', `what mcpgate sent does not fit this broker (${where}); bring mcpgate up to date`);
}

// Handles mcpgate's own methods with which a laptop reports tokens in the files of AI clients and proposes servers: checks their params, and
// passes them to `laptops`.
import { ProposalFormSchema } from 'mcpgate-shared/api/laptops/proposals';
import { TokenReportSchema } from 'mcpgate-shared/api/laptops/laptop-tokens';
import { GateError } from 'mcpgate-shared/error';
import { OWN_METHODS } from 'mcpgate-shared/mcp/own-methods';
import type { z } from 'zod';
import type { Laptops } from '../../../laptops/laptops.ts';
import type { JsonRecord } from '../../../mcp/json-rpc-guard.ts';
import type { GatewayParts } from '../../gateway-parts.ts';
import { notOffered, refusedReply } from '../admission.ts';
import { usableServers } from '../../lists/usable-servers.ts';
import type { Answerer } from '../../call/answerer.ts';
import { resultReply } from '../../reply.ts';
import type { SessionScope } from '../../session-scope.ts';

type LaptopRequest = (
  laptops: Laptops,
  parts: GatewayParts,
  scope: SessionScope,
  params: JsonRecord,
) => Promise<unknown>;

export const LAPTOP_ANSWERERS = {
  [OWN_METHODS.tokensKey]: answererOf(async (laptops, parts, scope) =>
    laptops.tokenKey(scope.principal, await usableServers(parts, scope)),
  ),
  [OWN_METHODS.tokensReport]: answererOf(
    async (laptops, parts, scope, params) =>
      await laptops.report(scope.principal, read(TokenReportSchema, params), await usableServers(parts, scope)),
  ),
  [OWN_METHODS.serversPropose]: answererOf(
    async (laptops, _parts, scope, params) => await laptops.propose(scope.principal, read(ProposalFormSchema, params)),
  ),
} as const satisfies Record<string, Answerer>;

/** Rejects with what `Laptops` throws, and with `usage`. */
function answererOf(ask: LaptopRequest): Answerer {
  return async (parts, scope, { request }) =>
    parts.laptops === undefined
      ? refusedReply(notOffered(request.method))
      : resultReply(JSON.stringify(await ask(parts.laptops, parts, scope, request.params)));
}

/** What was sent is in no message: it should be none, but it is not ours. */
function read<S extends z.ZodType>(schema: S, { _meta, ...params }: JsonRecord): z.output<S> {
  const checked = schema.safeParse(params);
  if (checked.success) return checked.data;
  const where = checked.error.issues.map(({ path }) => path.map(String).join('.')).join(', ');
  throw new GateError('usage', `what mcpgate sent does not fit this broker (${where}); bring mcpgate up to date`);
}

// A person's own tools from a page in their browser. Each request opens a session of the gateway, as an AI client of theirs would: what is listed is judged
// there, and a call is judged, recorded and forwarded there. Only a browser may: a token for the API is for no tool (RFC 8707).
import { meApi, type OwnTool, type ToolAnswer } from 'mcpgate-shared/api/me/me-api';
import { GateError } from 'mcpgate-shared/error';
import { MODERN_VERSION, REQUEST_META } from 'mcpgate-shared/mcp/protocol-version';
import { VERSION } from 'mcpgate-shared/version';
import { z } from 'zod';
import { operation, type Caller, type Operation } from '../../admin/operation.ts';
import type { Principal } from '../../domain/people/principal.ts';
import { isRevoked } from '../../domain/people/revocation.ts';
import type { GatewayService, GatewaySession } from '../../gateway/gateway.ts';
import type { Identity } from '../../identity/identity.ts';
import { partsOf } from '../../message/pieces.ts';
import { toolClassOf } from '../../policy/naming.ts';
import type { Upstreams } from '../../upstreams/upstream.ts';
import { inBrowser } from './session-operations.ts';

/** Requests of one person that may be under way at once. */
const MOST_AT_ONCE = 16;
/** What is said of the client, so that the log tells such calls from those of AI clients. */
const CLIENT = { name: 'mcpgate-dashboard', version: VERSION };

const ListedSchema = z.object({
  tools: z.array(
    z.object({
      name: z.string(),
      title: z.string().optional(),
      description: z.string().optional(),
      inputSchema: z.record(z.string(), z.unknown()).catch({}),
      annotations: z
        .object({ title: z.string().optional(), readOnlyHint: z.boolean().optional() })
        .optional()
        .catch(undefined),
    }),
  ),
  nextCursor: z.string().optional(),
});
const CalledSchema = z.object({
  content: z.array(z.record(z.string(), z.unknown())).catch([]),
  isError: z.boolean().catch(false),
  structuredContent: z.unknown().optional(),
  resultType: z.string().optional(),
});
const AnswerSchema = z.union([
  z.object({ result: z.record(z.string(), z.unknown()) }),
  z.object({ error: z.object({ message: z.string() }) }),
]);
type Answer = z.output<typeof AnswerSchema>;

interface Asked {
  principal: Principal;
  session: GatewaySession;
  end(why: GateError): void;
}

export function ownToolOperations(parts: {
  gateway: Pick<GatewayService, 'open' | 'mayUse'>;
  upstreams: Pick<Upstreams, 'servers'>;
  identity: Pick<Identity, 'onRevoked'>;
  elapsedMs: () => number;
  onError: (error: unknown) => void;
}): Operation[] {
  const { gateway, upstreams, identity, elapsedMs, onError } = parts;
  const underWay = new Set<Asked>();

  identity.onRevoked(
    async (revocation) => {
      const meant = [...underWay].filter(({ principal }) => isRevoked(revocation, principal));
      const calls = meant.reduce((sum, { session }) => sum + session.pending, 0);
      await Promise.all(meant.map(({ session }) => session.close(revocation.reason)));
      for (const asked of meant) asked.end(new GateError('not_logged_in', 'access has ended'));
      return { linksClosed: 0, callsCancelled: calls };
    },
    () => [...underWay].map(({ principal }) => principal),
  );

  async function ask(
    { principal, address }: { principal: Principal; address: string | undefined },
    method: string,
    params: object,
  ): Promise<Answer> {
    const same = [...underWay].filter((each) => each.principal.user?.id === principal.user?.id).length;
    if (same >= MOST_AT_ONCE)
      throw new GateError('throttled', `${same} requests of yours are open; wait for one to end`);
    const meta = {
      [REQUEST_META.protocolVersion]: MODERN_VERSION,
      [REQUEST_META.clientInfo]: CLIENT,
      // Nobody is there to answer what a server asks.
      [REQUEST_META.clientCapabilities]: {},
    };
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const session = gateway.open({
      principal,
      tools: 'all',
      address: () => address,
      send(text, pieces, { answers }) {
        if (answers === undefined) return;
        const whole = Buffer.concat([...partsOf(text, pieces)]).toString();
        const read = AnswerSchema.safeParse(JSON.parse(whole));
        if (read.success) resolve(read.data);
        else reject(new GateError('internal', 'an answer of the gateway is no answer', { cause: read.error }));
      },
    });
    const asked: Asked = { principal, session, end: reject };
    underWay.add(asked);
    try {
      session.receive(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }));
      return await promise;
    } finally {
      underWay.delete(asked);
      session.close('answered').catch(onError);
    }
  }

  const byWhom = (caller: Caller): { principal: Principal; address: string | undefined } => {
    inBrowser(caller);
    const { principal, actor } = caller;
    if (principal === undefined) throw new GateError('internal', 'a browser without a person');
    return { principal, address: actor.address ?? undefined };
  };

  async function toolsOf(by: ReturnType<typeof byWhom>): Promise<OwnTool[]> {
    const servers = upstreams.servers(by.principal.workspaceId);
    const tools: OwnTool[] = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const answer = await ask(by, 'tools/list', cursor === undefined ? {} : { cursor });
      if ('error' in answer) throw new GateError('unavailable', answer.error.message);
      const listed = ListedSchema.parse(answer.result);
      for (const { name, title, description, inputSchema, annotations } of listed.tools) {
        const [server = '', ...own] = name.split('__');
        const record = servers.find((each) => each.name === server);
        tools.push({
          ...{ name, server, input: inputSchema, description: description ?? null },
          title: title ?? annotations?.title ?? null,
          does:
            toolClassOf(record ?? { toolClasses: NONE }, own.join('__'), annotations?.readOnlyHint === true) === 'read'
              ? 'read'
              : 'write',
        });
      }
      cursor = listed.nextCursor;
    }
    return tools;
  }

  return [
    operation(meApi.tools, async (_input, caller) => {
      const by = byWhom(caller);
      const tools = await toolsOf(by);
      const listed = new Set(tools.map(({ server }) => server));
      const quiet = upstreams
        .servers(by.principal.workspaceId)
        .filter(({ name, enabled }) => enabled && !listed.has(name));
      const may = await Promise.all(quiet.map(({ name }) => gateway.mayUse(by.principal, name)));
      return { tools, silent: quiet.filter((_server, at) => may[at] === true).map(({ name }) => name) };
    }),
    operation(meApi.call, async ({ body }, caller): Promise<ToolAnswer> => {
      const from = elapsedMs();
      const answer = await ask(byWhom(caller), 'tools/call', body);
      const ms = Math.round(elapsedMs() - from);
      if ('error' in answer) return failed(answer.error.message, ms);
      const { content, isError, structuredContent, resultType } = CalledSchema.parse(answer.result);
      if (resultType !== undefined && resultType !== 'complete')
        return failed(
          '[mcpgate] this tool asks its AI client something, and a page cannot answer: use an AI client',
          ms,
        );
      return { is_error: isError, content, structured: structuredContent ?? null, ms };
    }),
  ];
}

const NONE = { read: [], write: [] };

const failed = (text: string, ms: number): ToolAnswer => ({
  ...{ is_error: true, structured: null, ms },
  content: [{ type: 'text', text }],
});

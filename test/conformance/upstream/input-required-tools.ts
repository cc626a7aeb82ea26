// The multi-round-trip tools of 2026-07-28: every kind of input, several at once, several rounds, state that comes back signed.
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  inputResponse,
  type CallToolResult,
  type InputRequest,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './content.ts';
import { requestState } from './request-state.ts';

type Request = ServerContext['mcpReq'];
type Answer = CallToolResult | InputRequiredResult;

const Declared = z.object({ elicitation: z.unknown(), sampling: z.unknown(), roots: z.unknown() }).partial();
type Declared = z.infer<typeof Declared>;
const Envelope = z.object({ [CLIENT_CAPABILITIES_META_KEY]: Declared.optional() });

/** One field of a form. */
const ask = (message: string, field: string, schema: { type: 'string' } | { type: 'boolean' } = { type: 'string' }) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: schema }, required: [field] },
  });
const complete = (prompt: string) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: text(prompt) }], maxTokens: 50 });
const done = (value: string): CallToolResult => ({ content: [text(value)] });
const field = ({ inputResponses }: Request, key: string, name: string) =>
  acceptedContent(inputResponses, key, z.record(z.string(), z.unknown()))?.[name];

/** `ofSession`: what a client of before declared in its handshake. */
const TOOLS: Record<string, (request: Request, ofSession: Declared | undefined) => Answer | Promise<Answer>> = {
  elicitation(request) {
    const name = field(request, 'user_name', 'name');
    if (typeof name === 'string') return done(`Hello, ${name}!`);
    return inputRequired({ inputRequests: { user_name: ask('What is your name?', 'name') } });
  },
  sampling({ inputResponses }) {
    const answer = inputResponse(inputResponses, 'capital');
    if (answer.kind === 'sampling') return done(`Sampled: ${JSON.stringify(answer.result.content)}`);
    return inputRequired({ inputRequests: { capital: complete('What is the capital of France?') } });
  },
  list_roots({ inputResponses }) {
    const answer = inputResponse(inputResponses, 'roots');
    if (answer.kind === 'roots') return done(`Roots: ${answer.roots.map(({ uri }) => uri).join(' ')}`);
    return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
  },
  async request_state(request) {
    if (request.requestState() !== undefined && field(request, 'confirm', 'ok') === true) return done('state-ok');
    return inputRequired({
      inputRequests: { confirm: ask('Confirm?', 'ok', { type: 'boolean' }) },
      requestState: await requestState.mint({ round: 1 }),
    });
  },
  async tampered_state(request) {
    if (request.requestState() !== undefined && field(request, 'confirm', 'ok') !== undefined)
      return done('integrity-ok');
    return inputRequired({
      inputRequests: { confirm: ask('Confirm?', 'ok', { type: 'boolean' }) },
      requestState: await requestState.mint({ round: 1 }),
    });
  },
  async multiple_inputs(request) {
    const name = field(request, 'user_name', 'name');
    const greeting = inputResponse(request.inputResponses, 'greeting');
    const roots = inputResponse(request.inputResponses, 'client_roots');
    if (typeof name === 'string' && greeting.kind === 'sampling' && roots.kind === 'roots')
      return done(`${JSON.stringify(greeting.result.content)} ${name}, ${roots.roots.length} roots`);
    return inputRequired({
      inputRequests: {
        user_name: ask('What is your name?', 'name'),
        greeting: complete('Greet'),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await requestState.mint({ round: 1 }),
    });
  },
  async multi_round(request) {
    const state = requestState.read(request);
    if (state === undefined)
      return inputRequired({
        inputRequests: { step1: ask('Step 1: your name?', 'name') },
        requestState: await requestState.mint({ round: 1 }),
      });
    if (state.round === 1)
      return inputRequired({
        inputRequests: { step2: ask('Step 2: your colour?', 'color') },
        requestState: await requestState.mint({ round: 2, name: String(field(request, 'step1', 'name')) }),
      });
    return done(`${state.name} likes ${String(field(request, 'step2', 'color'))}`);
  },
  capabilities(request, ofSession) {
    if (request.inputResponses !== undefined) return done(`got ${Object.keys(request.inputResponses).join(' ')}`);
    const declared = Envelope.parse(request.envelope ?? {})[CLIENT_CAPABILITIES_META_KEY] ?? ofSession;
    const inputRequests: Record<string, InputRequest> = {
      ...(declared?.elicitation !== undefined && { name: ask('What is your name?', 'name') }),
      ...(declared?.sampling !== undefined && { greeting: complete('Greet') }),
      ...(declared?.roots !== undefined && { roots: inputRequired.listRoots() }),
    };
    if (Object.keys(inputRequests).length === 0) return done('the client can give nothing');
    return inputRequired({ inputRequests });
  },
};

export function addInputRequiredTools(server: McpServer): void {
  const config = (name: string) => ({ description: `Input required: ${name}.`, inputSchema: z.object({}) });
  for (const [name, answer] of Object.entries(TOOLS))
    server.registerTool(`test_input_required_result_${name}`, config(name), (_args, { mcpReq }) =>
      answer(mcpReq, server.server.getClientCapabilities()),
    );
  server.registerTool('test_missing_capability', config('sampling, always'), (_args, { mcpReq }) => {
    const answer = inputResponse(mcpReq.inputResponses, 'answer');
    if (answer.kind === 'sampling') return done('sampled');
    return inputRequired({ inputRequests: { answer: complete('pong?') } });
  });
}

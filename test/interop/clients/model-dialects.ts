// The three ways in which AI clients ask a model: Anthropic's messages, OpenAI's responses and chat completions. Only as much as a turn needs.
import { z } from 'zod';
import type { AskedTurn, OfferedTool, Turn } from './model-turn.ts';

export interface Dialect {
  /** How its request's path ends. */
  path: string;
  read(body: unknown): AskedTurn;
  /** The answer as one document. */
  document(turn: Turn): object;
  /** The answer as server-sent events. */
  events(turn: Turn): readonly { event?: string; data: object | '[DONE]' }[];
}

const content = z.unknown().transform((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
const stream = z.boolean().default(false);

const MessagesSchema = z.object({
  stream,
  tools: z.array(z.object({ name: z.string() })).default([]),
  messages: z.array(z.object({ content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]) })),
});

const anthropicMessages: Dialect = {
  path: '/messages',
  read(body) {
    const { stream: isStreamed, tools, messages } = MessagesSchema.parse(body);
    const parts = messages.flatMap((message) => (typeof message.content === 'string' ? [] : message.content));
    const results = parts.filter(({ type }) => type === 'tool_result').map((part) => JSON.stringify(part));
    return { tools, results, isStreamed };
  },
  document: (turn) => ({
    ...anthropicMessage,
    content: [
      'say' in turn
        ? { type: 'text', text: turn.say }
        : { type: 'tool_use', id: 'toolu_1', name: turn.call.name, input: JSON.parse(turn.arguments) as unknown },
    ],
    stop_reason: 'say' in turn ? 'end_turn' : 'tool_use',
  }),
  events(turn) {
    const block =
      'say' in turn ? { type: 'text', text: '' } : { type: 'tool_use', id: 'toolu_1', name: turn.call.name, input: {} };
    const delta =
      'say' in turn
        ? { type: 'text_delta', text: turn.say }
        : { type: 'input_json_delta', partial_json: turn.arguments };
    const stop = { stop_reason: 'say' in turn ? 'end_turn' : 'tool_use', stop_sequence: null };
    return [
      { type: 'message_start', message: anthropicMessage },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'content_block_delta', index: 0, delta },
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: stop, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ].map((data) => ({ event: data.type, data }));
  },
};
const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'scripted',
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

const FunctionSchema = z.object({ type: z.string(), name: z.string().default('') });
const ResponsesSchema = z.object({
  stream,
  tools: z.array(FunctionSchema.extend({ tools: z.array(FunctionSchema).default([]) })).default([]),
  input: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional(), output: content.optional() }))]),
});

const openAiResponses: Dialect = {
  path: '/responses',
  read(body) {
    const { stream: isStreamed, tools, input } = ResponsesSchema.parse(body);
    const items = typeof input === 'string' ? [] : input;
    return {
      tools: tools.flatMap(({ type, name, tools: grouped }): OfferedTool[] =>
        type === 'namespace' ? grouped.map((tool) => ({ name: tool.name, namespace: name })) : [{ name }],
      ),
      results: items.filter(({ type }) => type === 'function_call_output').map(({ output }) => output ?? ''),
      isStreamed,
    };
  },
  document: (turn) => ({ ...openAiResponse, status: 'completed', output: [responseItem(turn)] }),
  events(turn) {
    const item = responseItem(turn);
    return [
      { type: 'response.created', response: { ...openAiResponse, status: 'in_progress', output: [] } },
      { type: 'response.output_item.added', output_index: 0, item },
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { ...openAiResponse, status: 'completed', output: [item] } },
    ].map((data) => ({ event: data.type, data }));
  },
};
const openAiResponse = {
  id: 'resp_1',
  object: 'response',
  created_at: 0,
  model: 'scripted',
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
};
const responseItem = (turn: Turn): object =>
  'say' in turn
    ? {
        type: 'message',
        id: 'msg_1',
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: turn.say, annotations: [] }],
      }
    : {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'call_1',
        status: 'completed',
        arguments: turn.arguments,
        ...turn.call,
      };

const ChatSchema = z.object({
  stream,
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).default([]),
  messages: z.array(z.looseObject({ role: z.string(), content })),
});

const openAiChat: Dialect = {
  path: '/chat/completions',
  read(body) {
    const { stream: isStreamed, tools, messages } = ChatSchema.parse(body);
    return {
      tools: tools.map((tool) => tool.function),
      results: messages.filter(({ role }) => role === 'tool').map((message) => message.content),
      isStreamed,
    };
  },
  document: (turn) =>
    chatChunk('chat.completion', { index: 0, message: chatMessage(turn), finish_reason: finish(turn) }),
  events: (turn) => [
    { data: chatChunk('chat.completion.chunk', { index: 0, delta: chatMessage(turn), finish_reason: null }) },
    { data: chatChunk('chat.completion.chunk', { index: 0, delta: {}, finish_reason: finish(turn) }) },
    { data: '[DONE]' },
  ],
};
const finish = (turn: Turn): string => ('say' in turn ? 'stop' : 'tool_calls');
const chatMessage = (turn: Turn): object => ({
  role: 'assistant',
  ...('say' in turn
    ? { content: turn.say }
    : {
        content: null,
        tool_calls: [
          {
            index: 0,
            id: 'call_1',
            type: 'function',
            function: { name: turn.call.name, arguments: turn.arguments },
          },
        ],
      }),
});
const chatChunk = (object: string, choice: object): object => ({
  id: 'chatcmpl-1',
  object,
  created: 0,
  model: 'scripted',
  choices: [choice],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});

export const DIALECTS: readonly Dialect[] = [anthropicMessages, openAiResponses, openAiChat];

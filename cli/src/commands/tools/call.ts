// `mcpgate call TOOL`: one tool call from a terminal.
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { GateError } from 'mcpgate-shared/error';
import { RPC_CODE } from 'mcpgate-shared/mcp/rpc-code';
import { nearest } from 'mcpgate-shared/nearest';
import type { CliContext } from '../../context.ts';
import { jsonArgument, keyValueArguments } from './call-arguments.ts';
import { listTools } from './list-tools.ts';
import { type McpProgress, type McpSession, RpcFailure } from './mcp-session.ts';
import { isErrorResult, renderResult } from './render-result.ts';
import { noticeOf, progressLine } from './progress-line.ts';
import { withSession } from './with-session.ts';

interface CallRequest {
  tool: string;
  /** The arguments as JSON text; undefined: they are key=value words, for which the tool's schema is needed. */
  argumentsJson: string | undefined;
  words: readonly string[];
  json: boolean;
}

export function addCall(program: Command, context: CliContext): void {
  program
    .command('call')
    .description('call a tool')
    .argument('<TOOL>', 'as `mcpgate tools` names it')
    .argument('[ARGUMENTS...]', 'a JSON object (- reads it from stdin), or key=value words')
    .option('--json', 'print the result as the JSON that AI clients get')
    .addHelpText(
      'after',
      `
Exits 1 where the result is an error.

Examples:
  $ mcpgate call everything__echo message=hello
  $ mcpgate call github__create_issue '{"owner":"acme","repo":"app","title":"Broken"}'
  $ mcpgate call files__read_text_file path=README.md head=5 --json`,
    )
    .action(async (tool: string, words: string[], flags: { json?: true }) => {
      const stdin = words.length === 1 && words[0] === '-' ? [await text(context.stdin)] : words;
      await runCall(parseCall(tool, stdin, flags), context);
    });
}

function parseCall(tool: string, words: readonly string[], flags: { json?: true }): CallRequest {
  const argumentsJson = words.length === 0 ? '{}' : jsonArgument(words);
  return { tool, argumentsJson, words, json: flags.json === true };
}

async function runCall(request: CallRequest, context: CliContext): Promise<void> {
  const { terminal, interrupted } = context;
  const waiting = await terminal.progress(request.tool);
  const told = new Set<string>();
  const show = (progress: McpProgress): void => {
    const notice = noticeOf(progress);
    if (notice === undefined) return waiting.update(progressLine(request.tool, progress));
    // It is said at each tick again.
    if (!told.has(notice)) waiting.note(notice);
    told.add(notice);
    waiting.update(`${request.tool}  waits`);
  };
  try {
    const answer = await withSession(context, async (session) => {
      const args = request.argumentsJson ?? JSON.stringify(await typedArguments(request, session, interrupted));
      // JSON arguments are sent as they were typed.
      const params = { name: request.tool };
      try {
        return await session.request('tools/call', params, {
          signal: interrupted,
          onProgress: (progress) => show(progress),
          argumentsText: args,
        });
      } catch (error) {
        if (error instanceof RpcFailure && error.rpcCode === RPC_CODE.invalidParams)
          throw await withNearest(error, request.tool, session, interrupted);
        throw error;
      }
    });
    waiting.stop();
    if (request.json) terminal.print(answer.text);
    else for (const block of renderResult(answer.result)) terminal.print(block);
    if (isErrorResult(answer.result)) context.setExitCode(1);
  } finally {
    waiting.stop();
  }
}

/**
 * A name that is not in the list is sent too, without a schema: only the broker can say, and records, why it cannot be called now (a rule, an
 * account that is not connected, a server that fails).
 */
async function typedArguments(
  { tool, words }: CallRequest,
  session: McpSession,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const tools = await listTools(session, signal);
  return keyValueArguments(words, tools.find(({ name }) => name === tool)?.inputSchema);
}

/** The broker's error, and which tool may have been meant, where this one is not in the list. */
async function withNearest(
  error: RpcFailure,
  tool: string,
  session: McpSession,
  signal: AbortSignal,
): Promise<GateError> {
  const names = (await listTools(session, signal)).map(({ name }) => name);
  if (names.includes(tool)) return error;
  const near = nearest(tool, names);
  const hint = near === undefined ? '`mcpgate tools` lists those that you may use' : `did you mean ${near}?`;
  return new GateError('not_found', `${error.message}; ${hint}`, { cause: error });
}

// What the tools do that a client of the tasks extension gets a task for.
import { inputRequired, type CallToolResult, type McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { text } from './content.ts';
import type { Job, TaskOutcome } from './task-store.ts';

const completed = (value: string, isError = false): TaskOutcome => ({
  status: 'completed',
  result: { content: [text(value)], ...(isError && { isError }) },
});
const ask = (message: string, field: string) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [field]: { type: 'boolean' } }, required: [field] },
  });
const atOnce = (outcome: TaskOutcome): Job => ({
  start(end) {
    const soon = setImmediate(end, outcome);
    return () => clearImmediate(soon);
  },
});

const SlowCompute = z.object({ seconds: z.number(), label: z.string() });

export const TASK_JOBS: Record<string, (args: unknown) => Job> = {
  slow_compute(args) {
    const { seconds, label } = SlowCompute.parse(args);
    return {
      start(end) {
        const timer = setTimeout(end, seconds * 1000, completed(`computed ${label}`));
        return () => clearTimeout(timer);
      },
    };
  },
  failing_job: () => atOnce(completed('the job failed on purpose', true)),
  protocol_error_job: () => atOnce({ status: 'failed', error: { code: -32603, message: 'the job broke on purpose' } }),
  confirm_delete: () => ({ inputRequests: { confirm: ask('Delete it?', 'confirm') }, answered: completed('deleted') }),
  multi_input: () => ({
    inputRequests: { first: ask('The first?', 'confirm'), second: ask('The second?', 'confirm') },
    answered: completed('both answered'),
  }),
};

/** What a client without the extension gets from a tool that can do without a task. */
export const withoutTask = (name: string): CallToolResult => ({ content: [text(`${name}, done without a task`)] });

/** The tools as the list shows them; the calls go to the task server. */
export function listTaskTools(server: McpServer): void {
  for (const name of [...Object.keys(TASK_JOBS), 'test_tool_with_task'])
    server.registerTool(name, { description: `May take a while: ${name}.`, inputSchema: z.looseObject({}) }, () =>
      withoutTask(name),
    );
  server.registerTool(
    'greet',
    { description: 'Never takes a while.', inputSchema: z.object({ name: z.string() }) },
    ({ name }) => ({ content: [text(`Hello, ${name}!`)] }),
  );
}

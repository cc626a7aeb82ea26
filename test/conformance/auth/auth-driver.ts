// The command that the suites start as the client under test in the scenarios of authorization: tells the runner where the scenario's server is
// and what an administrator would have been given beforehand, and waits until mcpgate has done with it.
import { z } from 'zod';

const { CONFORMANCE_CONTROL: control, MCP_CONFORMANCE_CONTEXT: context } = z
  .object({ CONFORMANCE_CONTROL: z.url(), MCP_CONFORMANCE_CONTEXT: z.string().default('{}') })
  .parse(process.env);

const answer = await fetch(control, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ url: process.argv.at(-1), context: JSON.parse(context) as unknown }),
});
process.stdout.write(`${await answer.text()}\n`);

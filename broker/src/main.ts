// The entry of `mcpgate-broker`.
import process from 'node:process';
import { processContext } from './commands/process-context.ts';
import { runProgram } from './commands/program.ts';

// `audit search | head`: a reader that has seen enough is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  // `audit export > FILE` on a disk that is full.
  process.stderr.write(`mcpgate-broker: stdout takes no more (${error.message}): what is there may end anywhere\n`);
  process.exit(1);
});

process.exitCode = await runProgram(process.argv.slice(2), processContext(process.env));

// The entry of the command line (`serve`, `daemon run` and the keychain child have entries of their own).
import { createContext } from './context.ts';
import { runCli } from './commands/run-cli.ts';

/** How long a command may take to end by itself after Ctrl-C. */
const INTERRUPT_GRACE_MS = 2_000;
const EXIT_INTERRUPTED = 130;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (interrupt.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interrupt.abort();
    setTimeout(() => process.exit(EXIT_INTERRUPTED), INTERRUPT_GRACE_MS).unref();
  });
}
// In `mcpgate tools | head`, the reader ends first: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`mcpgate: stdout takes no more (${error.message}): what is there may end anywhere\n`);
  process.exit(1);
});

const opened = createContext(process, interrupt.signal);
process.exitCode = await runCli(process.argv.slice(2), opened);
await opened.close();

// Moves secrets from a command's arguments to its environment, for programs known to take them there too: other processes of the computer can
// read the arguments of a process, but not its environment.
import { runsHere, type Transport } from '../../domain/transports/transports.ts';

/** From the sources of these packages (November 2026): flag and variable mean the same to them, and the flag wins. */
const TAKEN: readonly { program: string; flag: string; variable: string }[] = [
  { program: '@supabase/mcp-server-supabase', flag: '--access-token', variable: 'SUPABASE_ACCESS_TOKEN' },
  { program: 'figma-developer-mcp', flag: '--figma-api-key', variable: 'FIGMA_API_KEY' },
  { program: '@stripe/mcp', flag: '--api-key', variable: 'STRIPE_SECRET_KEY' },
  { program: '@upstash/context7-mcp', flag: '--api-key', variable: 'CONTEXT7_API_KEY' },
  { program: '@sentry/mcp-server', flag: '--access-token', variable: 'SENTRY_ACCESS_TOKEN' },
];

export interface Preferred {
  transport: Transport;
  moved: readonly { flag: string; variable: string }[];
}

/** The transport with `--flag VALUE` and `--flag=VALUE` of a known program moved to the variable, unless the record sets that one itself. */
export function preferEnvironment(transport: Transport): Preferred {
  if (!runsHere(transport)) return { transport, moved: [] };
  const words = [transport.command, ...transport.args];
  const known = TAKEN.filter(({ program }) => words.some((word) => isProgram(word, program)));
  const args: string[] = [];
  const env: Record<string, string> = { ...transport.env };
  const moved: { flag: string; variable: string }[] = [];
  for (let index = 0; index < transport.args.length; index++) {
    const word = transport.args[index] ?? '';
    const match = known.find(
      ({ flag, variable }) => (word === flag || word.startsWith(`${flag}=`)) && !(variable in env),
    );
    const value =
      match === undefined
        ? undefined
        : word === match.flag
          ? transport.args[index + 1]
          : word.slice(match.flag.length + 1);
    if (match === undefined || value === undefined || value === '') {
      args.push(word);
      continue;
    }
    env[match.variable] = value;
    moved.push({ flag: match.flag, variable: match.variable });
    if (word === match.flag) index++;
  }
  return moved.length === 0 ? { transport, moved } : { transport: { ...transport, args, env }, moved };
}

/** Whether an argument names the package: `@stripe/mcp`, `@stripe/mcp@latest`; not a path that ends like that. */
function isProgram(word: string, program: string): boolean {
  return word === program || word.startsWith(`${program}@`);
}

// `mcpgate tools [PATTERN]`: lists the tools that the person may call.
import type { Command } from 'commander';
import { shortened } from 'mcpgate-shared/text-width';
import type { CliContext } from '../../context.ts';
import { listTools, type ListedTool } from './list-tools.ts';
import { onePlainLine } from '../one-plain-line.ts';
import { withSession } from './with-session.ts';

/** Descriptions are left out where there are fewer columns for them than this. */
const LEAST_WORDS = 12;

interface ToolsRequest {
  matches(name: string): boolean;
  json: boolean;
}

export function addTools(program: Command, context: CliContext): void {
  program
    .command('tools')
    .description('list the tools you may use')
    .argument('[PATTERN]', "a part of the name, or a glob such as 'github__*'")
    .option('--json', 'print a JSON array of the tools as AI clients get them')
    .addHelpText(
      'after',
      `
Examples:
  $ mcpgate tools
  $ mcpgate tools 'github__*issue*'
  $ mcpgate tools --json | jq -r '.[].name'`,
    )
    .action((pattern: string | undefined, flags: { json?: true }) => runTools(parseTools(pattern, flags), context));
}

function parseTools(pattern: string | undefined, flags: { json?: true }): ToolsRequest {
  return { matches: pattern === undefined ? () => true : nameMatcher(pattern), json: flags.json === true };
}

/** Returns a filter for names. A pattern with `*` or `?` is a glob for the whole name, any other a part of it; case is ignored. */
export function nameMatcher(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name.toLowerCase().includes(pattern.toLowerCase());
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  const glob = new RegExp(`^${source}$`, 'i');
  return (name) => glob.test(name);
}

async function runTools(request: ToolsRequest, context: CliContext): Promise<void> {
  const { terminal, interrupted } = context;
  const waiting = await terminal.progress('Asking the broker');
  let tools: ListedTool[];
  try {
    tools = await withSession(context, (session) => listTools(session, interrupted));
  } finally {
    waiting.stop();
  }
  const found = tools.filter(({ name }) => request.matches(name));
  if (request.json) {
    terminal.print(`[${found.map(({ text }) => text).join(',\n ')}]`);
    return;
  }
  const width = Math.max(0, ...found.map(({ name }) => name.length));
  for (const { name, description } of found) {
    const line = onePlainLine(description);
    // Names are never shortened, because people type them next.
    const room = terminal.columns === undefined ? Infinity : terminal.columns - width - 2;
    const shown = room < LEAST_WORDS ? '' : shortened(line, room);
    terminal.print(`${terminal.colour.bold(name.padEnd(width))}  ${terminal.colour.dim(shown)}`.trimEnd());
  }
  if (found.length > 0) return;
  if (tools.length > 0) terminal.note(`None of your ${tools.length} tools matches.`);
  else terminal.note('You may use no tool yet: ask an administrator of the broker for a rule that lets you.');
}

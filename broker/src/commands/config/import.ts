// `config import FILE`: the configuration of another gateway as ours, on stdout, with a report of what could not be carried over, on stderr.
import type { Command } from 'commander';
import { RuleFormSchema } from 'mcpgate-shared/api/config/configuration';
import { ServerNameSchema } from 'mcpgate-shared/api/fields';
import { GateError } from 'mcpgate-shared/error';
import { fileFault } from 'mcpgate-shared/file-fault';
import { plainLine } from 'mcpgate-shared/plain-line';
import { resolve } from 'node:path';
import type { CommandContext } from '../context.ts';
import { readAtMost } from './bounded-file.ts';
import { configurationText } from './configuration-text.ts';
import { mistakeLine } from './read-configuration.ts';
import { fromAvelino } from './imports/avelino.ts';
import type { Imported } from './imports/imported.ts';
import { fromPolicyLayer } from './imports/policylayer.ts';
import { readText } from './text-places.ts';

interface ImportOptions {
  format?: string;
  server?: string;
  who: string[];
  json?: boolean;
}

const FORMATS = ['avelino', 'policylayer'] as const;
const MOST_BYTES = 1_000_000;

export function addImport(config: Command, context: CommandContext): void {
  config
    .command('import <file>')
    .description('write the configuration of another gateway as ours; what could not be carried over is told on stderr')
    .option('--format <format>', 'avelino (avelino/mcp) or policylayer; found out unless said')
    .option('--server <name>', 'of PolicyLayer: the server that the policy is for')
    .option('--who <who...>', 'of PolicyLayer: whom it is for', ['*'])
    .option('--json', 'print one JSON document')
    .action(async (file: string, options: ImportOptions) => await importFile(context, file, options));
}

async function importFile(context: CommandContext, file: string, options: ImportOptions): Promise<void> {
  const value = await valueOf(context, file);
  const format = options.format ?? formatOf(value, file);
  const imported = importedAs(format, value, options);
  const { configuration, left, notes, secrets } = imported;
  if (options.json === true) {
    context.stdout.write(`${JSON.stringify({ format, ...imported }, null, 2)}\n`);
    return;
  }
  const about = [
    `From ${plainLine(file)} (${format}), as \`mcpgate-broker config import\` made it.`,
    'Look at it, then: `mcpgate-broker config check FILE`, `config plan FILE`.',
  ];
  context.stdout.write(configurationText(configuration, about));
  const lines = [
    ...secrets.map((name) => `set it by hand: mcpgate-broker secret set ${name}`),
    ...left.map((each) => `not carried over: ${each}`),
    ...notes.map((each) => `note: ${each}`),
  ];
  for (const line of lines) context.stderr.write(`${plainLine(line)}\n`);
}

function importedAs(format: string, value: unknown, { server, who }: ImportOptions): Imported {
  if (format === 'avelino') return fromAvelino(value);
  if (format !== 'policylayer') throw new GateError('usage', `--format: "${format}" is none of ${FORMATS.join(', ')}`);
  if (server === undefined || !ServerNameSchema.safeParse(server).success)
    throw new GateError(
      'usage',
      'say with --server NAME which server the policy is for: there it stands with the server',
    );
  const whom = RuleFormSchema.shape.who.safeParse(who);
  if (!whom.success) throw new GateError('usage', `--who: ${whom.error.issues[0]?.message}`);
  return fromPolicyLayer(value, server, who);
}

function formatOf(value: unknown, file: string): string {
  const keys = Object.keys(Object(value));
  if (keys.includes('serverAuth') || keys.includes('mcpServers')) return 'avelino';
  if (keys.includes('tools') || keys.includes('hide')) return 'policylayer';
  throw new GateError(
    'usage',
    `${file} is neither a configuration of avelino/mcp nor a policy of PolicyLayer; say which with --format`,
  );
}

/** JSON is YAML. Throws `usage`. */
async function valueOf({ cwd }: CommandContext, file: string): Promise<unknown> {
  const path = resolve(cwd, file);
  const cannot = (error: unknown): never => {
    throw new GateError('usage', `${file} cannot be read: ${fileFault(error)}`);
  };
  const content = await readAtMost(path, MOST_BYTES).catch(cannot);
  if (content === undefined) throw new GateError('usage', `${file} is larger than ${MOST_BYTES} bytes`);
  const { value, mistakes } = readText(file, content.toString('utf8'));
  if (mistakes.length > 0) throw new GateError('usage', mistakes.map(mistakeLine).join('\n'));
  return value;
}

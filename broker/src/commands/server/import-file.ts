// `server import FILE`: reads the file and has the broker import it. On a terminal, a person is asked about doubtful values (which may or may
// not be secrets) before anything is stored.
import { createInterface } from 'node:readline/promises';
import { serversApi } from 'mcpgate-shared/api/servers';
import type { ImportResult } from 'mcpgate-shared/api/servers/server-results';
import { GateError } from 'mcpgate-shared/error';
import { plainLine } from 'mcpgate-shared/plain-line';
import type { AdminOptions, AdminSession } from '../session/admin-session.ts';
import type { CommandContext } from '../context.ts';
import { isolationFlag } from './isolation-flag.ts';
import { readClientConfig } from './read-client-config.ts';
import { importText } from './server-text.ts';
import { pairs } from '../values.ts';

export interface ImportOptions extends AdminOptions {
  isolation?: string[];
  trustAnnotations?: string[];
  dryRun?: boolean;
  yes?: boolean;
}

export async function importFile(
  { api, show, context, inside, json }: AdminSession,
  file: string,
  options: ImportOptions,
): Promise<void> {
  const { servers, inputs, notes } = await readClientConfig(context, file);
  const isolation = Object.fromEntries(
    Object.entries(pairs('--isolation', options.isolation, /=/)).map(([name, mode]) => [name, isolationFlag(mode)]),
  );
  const body = { mcpServers: servers, isolation, trust_annotations: options.trustAnnotations ?? [], inputs };
  const ask = async (more: { plain?: string[]; dry_run?: boolean }): Promise<ImportResult> => {
    const result = await api.call(serversApi.import, { body: { ...body, ...more } });
    return { ...result, warnings: [...result.warnings, ...notes] };
  };
  if (options.dryRun === true) {
    const result = await ask({ dry_run: true });
    show(result, importText(result, file, inside));
    return;
  }
  const isAsked = context.stdin.isTTY === true && file !== '-' && options.yes !== true && !json;
  const notSecret = isAsked ? await askAbout(context, await ask({ dry_run: true })) : [];
  const result = await ask({ plain: notSecret });
  show(result, importText(result, file, inside));
}

/** Asks about each doubtful value. Returns the names of those that the person says are no secrets. */
async function askAbout({ stdin, stderr }: CommandContext, { secrets }: ImportResult): Promise<string[]> {
  const doubtful = secrets.filter(({ kind }) => kind === 'doubtful');
  if (doubtful.length === 0) return [];
  stderr.write('These may be secrets; what you do not know is safe in the vault.\n');
  const lines = createInterface({ input: stdin, output: stderr });
  const none: string[] = [];
  try {
    for (const { name, server, from } of doubtful) {
      const answer = await lines.question(`  ${server}: ${plainLine(from)}: is it a secret? [Y/n] `).catch(interrupted);
      if (/^\s*no?\s*$/i.test(answer)) none.push(name);
    }
  } finally {
    lines.close();
  }
  return none;
}

/** Throws `cancelled`: Ctrl-C, Ctrl-D or the end of the terminal is no answer. */
function interrupted(cause: unknown): never {
  throw new GateError('cancelled', 'nothing was imported', { cause });
}

// `server edit NAME`: the record in the person's editor, checked when it is saved, and written only over the record that was read.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Command } from 'commander';
import type { z } from 'zod';
import {
  type ChangedServer,
  type EditableServerSchema,
  type RecordForm,
  serverEtag,
  serversApi,
} from 'mcpgate-shared/api/servers';
import { GateError } from 'mcpgate-shared/error';
import { Mistake } from '../../domain/mistake.ts';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from '../session/admin-session.ts';
import { isConfirmed } from '../terminal/confirm.ts';
import type { CommandContext } from '../context.ts';
import { isBlank, readRecord, recordText, type TextMistake, withMistakes, withoutMistakes } from './record-text.ts';
import { changeLines } from './server-set.ts';

interface EditOptions extends AdminOptions {
  yes?: boolean;
}

type Editable = z.output<typeof EditableServerSchema>;

export function addEditCommand(server: Command, context: CommandContext): void {
  adminOptions(
    server.command('edit <name>').description('change the record of a server in your editor ($VISUAL, $EDITOR)'),
  )
    .option('-y, --yes', 'save without asking')
    .action(
      async (name: string, options: EditOptions) =>
        await withSession(context, options, (session) => editServer(session, name, options)),
    );
}

async function editServer(session: AdminSession, name: string, options: EditOptions): Promise<void> {
  const { api, show, context, inside, json } = session;
  const editor = editorOf(context);
  const editable = await api.call(serversApi.record, { params: { name } });
  const folder = await mkdtemp(join(context.env['TMPDIR'] ?? tmpdir(), 'mcpgate-edit-'));
  let isKept = false;
  try {
    const file = join(folder, `${name}.yaml`);
    const save = async (record: RecordForm, dryRun: boolean): Promise<ChangedServer> =>
      await api.call(serversApi.replace, {
        params: { name },
        query: { dry_run: dryRun ? 'true' : 'false' },
        body: record,
        ifMatch: serverEtag(editable),
      });
    const isAsked = context.stdin.isTTY === true && options.yes !== true && !json;
    let text = recordText(editable.record, aboutOf(editable, inside));
    for (;;) {
      const edited = await editedText(context, editor, file, text);
      const found = await checked(edited, editable, save);
      if (found === 'unchanged') {
        const server = await api.call(serversApi.show, { params: { name } });
        const nothing = { changes: [], secrets_unused: [], accounts_left: 0, dry_run: false };
        show({ ...server, ...nothing }, `${name} is as it was; nothing was changed`);
        return;
      }
      if (found.kind === 'wrong') {
        const next = withMistakes(edited, found.mistakes);
        if (next === text)
          throw new GateError(
            'usage',
            `nothing was changed: ${found.mistakes.map(({ message }) => message).join('; ')}`,
          );
        text = next;
        continue;
      }
      if (isAsked) {
        context.stderr.write(`${changeLines(found.plan, inside).join('\n')}\n`);
        if (!(await isConfirmed(context, 'Save it? [y/N] '))) throw new GateError('cancelled', 'nothing was changed');
      }
      const done = await save(found.record, false);
      show(done, [...changeLines(done, inside), `next: mcpgate-broker server test ${name}${inside}`].join('\n'));
      return;
    }
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== 'stale') throw error;
    isKept = true;
    throw new GateError(
      'stale',
      `${error.message}\nyour text is kept in ${folder}: \`mcpgate-broker server edit ${name}${inside}\` shows what the record is now`,
      { cause: error },
    );
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

/** Throws `usage` where none is named and nobody sits before a terminal. */
function editorOf({ env, stdin }: Pick<CommandContext, 'env' | 'stdin'>): string {
  const named = [env['VISUAL'], env['EDITOR']].find((each) => each !== undefined && each.trim() !== '');
  if (named !== undefined) return named;
  if (stdin.isTTY === true) return 'vi';
  throw new GateError('usage', 'say which editor: set VISUAL or EDITOR; or change single settings with `server set`');
}

function aboutOf({ name, revision, updated_at: at }: Editable, inside: string): string[] {
  return [
    `The server ${name}, revision ${revision} of ${at}.`,
    'Save and close to change it. An empty file, or one that says the same, changes nothing.',
    'Values refer to secrets by name, ${secret:NAME}, and never are one: `mcpgate-broker secret list` shows the names.',
    `Its name is changed by \`mcpgate-broker server rename ${name} NEW${inside}\`.`,
  ];
}

async function editedText(context: CommandContext, editor: string, file: string, text: string): Promise<string> {
  await writeFile(file, text, { mode: 0o600 });
  // Ctrl-C in the editor is the editor's.
  const end = context.onStopSignal(() => undefined);
  let code: number;
  try {
    code = await context.runEditor(editor, file);
  } finally {
    end();
  }
  if (code !== 0) throw new GateError('conflict', `the editor ended with ${code}; nothing was changed`);
  return withoutMistakes(await readFile(file, 'utf8'));
}

type Checked =
  'unchanged' | { kind: 'wrong'; mistakes: TextMistake[] } | { kind: 'good'; record: RecordForm; plan: ChangedServer };

async function checked(
  text: string,
  editable: Editable,
  save: (record: RecordForm, dryRun: boolean) => Promise<ChangedServer>,
): Promise<Checked> {
  if (isBlank(text)) return 'unchanged';
  const read = readRecord(text);
  if (read.kind === 'wrong') return read;
  const { record, lineOf } = read;
  if (isDeepStrictEqual(record, editable.record)) return 'unchanged';
  try {
    return { kind: 'good', record, plan: await save(record, true) };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    return { kind: 'wrong', mistakes: [{ line: lineOf(error.path), message: error.message }] };
  }
}

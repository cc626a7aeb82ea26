// `key …`: the rotation of the master key, which is begun or gone on with, and waited for; the keys that sign what servers are told of people.
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { keysApi, type MasterKey, type SigningKey } from 'mcpgate-shared/api/keys';
import { GateError } from 'mcpgate-shared/error';
import { adminOptions, withSession, type AdminOptions, type AdminSession } from './session/admin-session.ts';
import type { CommandContext } from './context.ts';
import { withProgress } from './terminal/progress.ts';
import { plainLine } from 'mcpgate-shared/plain-line';

const LOOK_MS = 200;
/** Other brokers that only have to read their file take a second or two. Whoever has to copy one takes longer, and need not be waited for. */
const WAIT_MS = 10_000;

interface RotateOptions extends AdminOptions {
  newKeyFile?: string;
  startOver?: boolean;
}

export function keyCommand(context: CommandContext): Command {
  const command = new Command('key').description(
    'the master key, which seals all that is secret, and the keys that sign',
  );
  adminOptions(
    command
      .command('rotate')
      .description('put a new master key in the place of the one in use, while calls go on')
      .option(
        '--new-key-file <file>',
        'the new key, where the brokers are not to change the file of the key themselves',
      )
      .option('--start-over', 'give up a rotation that is under way, and begin another'),
  ).action(async (options: RotateOptions) => {
    await withSession(context, options, async (session) => await rotate(session, options));
  });
  const signing = command.command('signing').description('the keys that sign what servers are told of people');
  adminOptions(signing.command('list').description('which there are, and from when on each signs')).action(
    async (options: AdminOptions) => {
      await withSession(context, options, async ({ api, list }) => {
        const keys = await api.call(keysApi.signing, {});
        list(keys, ['ID', 'STATE', 'SIGNS FROM', 'PUBLISHED UNTIL'], (index) => rowOf(keys[index]), 'no keys');
      });
    },
  );
  adminOptions(
    signing
      .command('rotate')
      .description('make the next key: published at once, it signs when everybody must have read it')
      .option(
        '--at-once',
        'it signs from now on, and those before it are good no more: where somebody else may have them',
      ),
  ).action(async (options: AdminOptions & { atOnce?: true }) => {
    await withSession(context, options, async ({ api, show }) => {
      const body = options.atOnce === true ? { at_once: true } : {};
      const keys = await api.call(keysApi.rotateSigning, { body });
      const made = keys.at(-1);
      const text = `${made?.id ?? ''} is published and signs from ${made?.signs_from ?? ''} on`;
      show(keys, options.atOnce === true ? `${made?.id ?? ''} signs now; the keys before it are good no more` : text);
    });
  });
  return command;
}

function rowOf(key: SigningKey | undefined): string[] {
  return key === undefined ? [] : [key.id, key.state, key.signs_from, key.published_until ?? '-'];
}

async function rotate({ api, show, context, inside }: AdminSession, options: RotateOptions): Promise<void> {
  const { newKeyFile } = options;
  const body = {
    ...(newKeyFile !== undefined && { new_key_file: resolve(context.cwd, newKeyFile) }),
    ...(options.startOver === true && { start_over: true }),
  };
  let shown = '';
  const key = await withProgress(context, 'Rotating the master key', async () => {
    let now = await api.call(keysApi.rotate, { body });
    for (let waitedMs = 0; now.rotation !== null && waitedMs < WAIT_MS; waitedMs += LOOK_MS) {
      const text = progressOf(now.rotation, now.data_keys);
      if (text !== shown) context.stderr.write(text);
      shown = text;
      await delay(LOOK_MS);
      now = await api.call(keysApi.status, {});
    }
    return now;
  });
  if (key.rotation === null) {
    const advice = `copy ${plainLine(key.file)} to where you keep it for backups (not beside them); backups from before open only with the key from before`;
    return show(key, `the master key is now ${key.id}; ${key.data_keys} data keys are sealed by it\n${advice}`);
  }
  // A script that deletes the old key next must not take this for the end.
  if (options.json === true) show(key, '');
  const status = `\`mcpgate-broker status${inside}\``;
  throw new GateError(
    'timeout',
    [
      'the rotation goes on by itself once this is done:',
      ...key.rotation.waits_for.map((each) => `  ${plainLine(each)}`),
      `${status} shows whether it is; nothing is lost meanwhile, and both keys are needed`,
    ].join('\n'),
  );
}

function progressOf({ rewrapped, waits_for: waitsFor }: NonNullable<MasterKey['rotation']>, all: number): string {
  const lines = [
    `${rewrapped} of ${all} data keys are sealed by the new key`,
    ...waitsFor.map((each) => `waiting for ${plainLine(each)}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

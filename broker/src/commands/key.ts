// `key rotate`: begins a rotation of the master key, or goes on with one, and waits for its end.
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { keysApi, type MasterKey } from 'mcpgate-shared/api/keys';
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
  const command = new Command('key').description('the master key, which seals all that is secret');
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
  return command;
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

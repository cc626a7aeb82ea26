// The examples of the help are commands that there are, with flags that they take.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { EXAMPLES } from './examples.ts';
import { processContext } from './process-context.ts';
import { COMMANDS, createProgram } from './program.ts';

const context = processContext({});

/** As a shell splits a line without variables, up to where it sends its streams elsewhere. */
const wordsOf = (line: string): string[] =>
  [...(line.split(/ [<>] /)[0] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

/** The command lines parse as ever and do nothing. */
function idle(command: Command): Command {
  if (command.commands.length === 0) command.action(() => undefined);
  for (const child of command.commands) idle(child);
  return command;
}

const commandAt = (program: Command, path: string): Command | undefined =>
  (path === '' ? [] : path.split(' ')).reduce<Command | undefined>(
    (command, name) => command?.commands.find((child) => child.name() === name),
    program,
  );

test('each example parses, and stands in the help of its own command', async () => {
  const all = await createProgram(context);
  for (const [path, lines] of Object.entries(EXAMPLES)) {
    assert.ok(commandAt(all, path), `there is no command ${path}`);
    for (const line of lines) {
      assert.ok(path === 'user' || path === 'workspace' || line.startsWith(path), `${path}: ${line}`);
      const program = idle(await createProgram(context));
      assert.doesNotThrow(() => program.parse(wordsOf(line), { from: 'user' }), line);
    }
  }
});

test('every command that does more than list, show or end something has an example', async () => {
  const plain = /^(help|list|show|members|enable|disable|remove|revoke|end|status)$/;
  const missing = (command: Command, path: string): string[] => [
    ...(path in EXAMPLES || plain.test(command.name()) ? [] : [path]),
    ...command.commands.flatMap((child) => missing(child, `${path} ${child.name()}`.trim())),
  ];
  assert.deepEqual(missing(await createProgram(context), ''), []);
});

test('a command is loaded alone by the first word, and is the same as beside all others', async () => {
  const all = await createProgram(context);
  assert.deepEqual(
    all.commands.map((command) => command.name()),
    [...Object.keys(COMMANDS), 'completion'],
  );
  for (const name of Object.keys(COMMANDS)) {
    const alone = await createProgram(context, [name, '--help']);
    assert.deepEqual(
      alone.commands.map((command) => command.name()),
      [name, 'completion'],
    );
    assert.equal(alone.commands[0]?.helpInformation(), commandAt(all, name)?.helpInformation());
  }
  for (const words of [[], ['--help'], ['constructor'], ['rul']])
    assert.equal((await createProgram(context, words)).commands.length, all.commands.length);
});

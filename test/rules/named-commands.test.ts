// Every command line that a message or a page names is one that there is, with flags that it takes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processContext } from '../../broker/src/commands/process-context.ts';
import { createProgram as createBrokerProgram } from '../../broker/src/commands/program.ts';
import { createProgram as createLaptopProgram } from '../../cli/src/commands/create-program.ts';
import { createContext } from '../../cli/src/context.ts';
import {
  commandsInPage,
  commandsInSource,
  namedCommands,
  type NamedCommand,
  type ProgramName,
} from './named-commands.ts';

type Command = ReturnType<typeof createLaptopProgram>;

const programs: Readonly<Record<ProgramName, Command>> = {
  'mcpgate-broker': await createBrokerProgram(processContext({})),
  mcpgate: createLaptopProgram(createContext(process, new AbortController().signal).context),
};
const known = new Map(
  (['mcpgate', 'mcpgate-broker'] as const).map((name) => [
    name,
    new Set(programs[name].commands.map((command) => command.name())),
  ]),
);

/** A text of ours that begins as a command would: `mcpgate does not offer prompts`. */
const isSentence = (words: readonly string[]): boolean => words.filter((word) => /^[a-z’]+$/.test(word)).length > 2;

/** What is wrong with it, or undefined. */
function faultOf({ program, words }: NamedCommand): string | undefined {
  let command = programs[program];
  const rest = [...words];
  while (command.commands.length > 0 && rest.length > 0 && !rest[0]?.startsWith('-')) {
    const [word = ''] = rest;
    if (word === 'X' || word === 'help') return undefined; // a name to be filled in, or commander's own
    // `enable|disable` and `server enable/disable` name several.
    const names = word.split(/[|/]/);
    const found = names.map((name) => command.commands.find((child) => child.name() === name));
    const missing = names.find((_name, index) => found[index] === undefined);
    if (missing !== undefined && isSentence(rest)) return undefined;
    if (missing !== undefined) return `there is no \`${command.name()} ${missing}\``;
    const [next] = found;
    if (next === undefined) return undefined;
    command = next;
    rest.shift();
  }
  const dashes = rest.indexOf('--');
  for (const word of dashes === -1 ? rest : rest.slice(0, dashes)) {
    const flag = /^--[a-z][a-z-]*/.exec(word)?.[0];
    if (flag === undefined || flag === '--help' || flag === '--version') continue;
    if (!command.options.some((option) => option.long === flag)) return `\`${command.name()}\` takes no ${flag}`;
  }
  return undefined;
}

const faults = (commands: readonly NamedCommand[]): string[] =>
  commands.flatMap((command) => {
    const fault = faultOf(command);
    return fault === undefined ? [] : [`${command.at}: ${fault} (${command.words.join(' ')})`];
  });

test('each command that a message or a page names exists and takes the flags that are shown with it', () => {
  const commands = namedCommands(known);
  assert.ok(commands.length > 200, `only ${commands.length} were found`);
  assert.deepEqual(faults(commands), []);
});

test('a command that does not exist is noticed, wherever it stands', () => {
  const message = "throw new GateError('usage', 'run `mcpgate-broker audit prove` first');";
  const template = 'const text = `no ${kind}; \\`secret polish ${name}${inside}\\` helps`;';
  const flag = "const hint = 'run `mcpgate login --loudly`';";
  for (const [source, says] of [
    [message, /no `audit prove`/],
    [template, /no `secret polish`/],
    [flag, /takes no --loudly/],
  ] as const) {
    assert.match(faults(commandsInSource('broker/src/a.ts', source, known)).join(), says);
  }
  const page = 'Then `mcpgate doctor --magic`.\n```sh\n$ mcpgate-broker user vanish ada   # gone\n```\n';
  assert.deepEqual(faults(commandsInPage('docs/a.md', page, known)).length, 2);
  assert.deepEqual(
    faults(commandsInSource('broker/src/a.ts', 'const a = `\\`rule list${inside}\\` shows`;', known)),
    [],
  );
});

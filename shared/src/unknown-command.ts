// Finds a word of a command line that names no command. Where help is asked for, commander shows that of the last command it knows before it looks at
// such a word, so that a mistyped command looks like one that is there.

/** Of a command of commander. */
export interface CommandNames {
  readonly commands: readonly CommandNames[];
  name(): string;
  aliases(): readonly string[];
}

/** The words without what asks for help, where one of them should name a command and names none; else the same words. */
export function withoutHelpOfUnknown(program: CommandNames, words: readonly string[]): readonly string[] {
  let command = program;
  for (const [index, word] of words.entries()) {
    // What stands behind an option may be its value.
    if (command.commands.length === 0 || word.startsWith('-')) return words;
    const named = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (named !== undefined) command = named;
    else if (word !== 'help')
      return words.filter((each, at) => !['-h', '--help'].includes(each) && (each !== 'help' || at > index));
  }
  return words;
}

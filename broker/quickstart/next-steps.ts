// What `npm start` tells a newcomer to type next. Each line works as it stands, in the same folder and on this computer.
import { resolve } from 'node:path';
import { shellWord } from '../src/domain/shell-word.ts';

export interface Situation {
  url: string;
  dataDir: string;
  /** Where the broker was started, and the commands will be. */
  cwd: string;
  /** Somebody administers it already. */
  isSetUp: boolean;
  /** A rule lets everyone use everything. */
  isOpen: boolean;
  /** A login has no keychain to keep its token in. */
  lacksKeychain: boolean;
}

export function nextSteps({ url, dataDir, cwd, isSetUp, isOpen, lacksKeychain }: Situation): string {
  const data = dataDir === resolve(cwd, 'mcpgate-data') ? '' : ` --data ${shellWord(dataDir)}`;
  const login = `${lacksKeychain ? 'MCPGATE_TOKEN_STORE=file ' : ''}npx mcpgate login ${url}`;
  const steps = [
    ...(isSetUp ? [] : [['open the set-up link above, and choose a name and a password', '']]),
    [login, lacksKeychain ? 'there is no keychain here: the token goes into a file (0600)' : ''],
    ['npx mcpgate tools', 'what you may use now'],
    ['npx mcpgate call everything__echo message=hello', ''],
    ['npx mcpgate install-clients', 'set up the AI clients on this computer'],
    [`npx mcpgate-broker audit tail${data}`, 'watch who calls what'],
    [
      `npx mcpgate-broker rule list${data}`,
      isOpen ? 'one rule lets everyone in: replace it before real use' : 'who may use what',
    ],
  ];
  const width = Math.max(...steps.map(([command = '', note = '']) => (note === '' ? 0 : command.length)));
  const lines = steps.map(
    ([command = '', note = '']) => `  ${note === '' ? command : `${command.padEnd(width)}  ${note}`}`,
  );
  return `\nnext, in another terminal, in this folder:\n${lines.join('\n')}\n\nCtrl-C ends the broker; what it knows stays in its data folder\n`;
}

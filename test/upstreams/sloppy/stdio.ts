// The sloppy server on stdio: `node stdio.ts BEHAVIOUR`. What it receives is appended to $FIXTURE_LOG, one JSON line each.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { behaviourOf, isBehaviour } from './behaviours.ts';
import { createConversation } from './conversation.ts';

const name = process.argv[2] ?? 'plain';
if (!isBehaviour(name)) throw new Error(`no behaviour ${name}`);
const behaviour = behaviourOf(name);
const log = process.env['FIXTURE_LOG'];
const conversation = createConversation();

createInterface({ input: process.stdin }).on('line', (line) => {
  if (log !== undefined) appendFileSync(log, `${line}\n`);
  const got = conversation.read(line);
  const message = conversation.answerTo(got, behaviour);
  if (message !== undefined) process.stdout.write(behaviour.line?.(message, got) ?? `${message}\n`);
});
process.stdin.on('end', () => process.exit(0));

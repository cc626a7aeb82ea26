// Functions of the library that are carried out by ours: its `matches` takes any time that a pattern asks for, its times go by the zone of the host. Ours have
// the same names with a large first letter, so that every place in the text stays where it is.
import { type ASTNode, type Environment, EvaluationError } from '@marcbachmann/cel-js';
import { walk } from './reads.ts';
import { PARTS, timeOf, timeOfSeconds, wallClock } from './wall-clock.ts';

const TIME = 'google.protobuf.Timestamp';

/** `matches`: whether the text has what the pattern describes. */
export function registerOwn(made: Environment, matches: (text: string, pattern: string) => boolean): void {
  made.registerFunction(`string.${ownName('matches')}(string): bool`, matches);
  made.registerFunction(`${ownName('timestamp')}(string): ${TIME}`, (text: string) => found(timeOf(text)));
  made.registerFunction(`${ownName('timestamp')}(int): ${TIME}`, (seconds: bigint) => found(timeOfSeconds(seconds)));
  for (const [name, part] of Object.entries(PARTS)) {
    made.registerFunction(`${TIME}.${ownName(name)}(): int`, (time: Date) => BigInt(part(time)));
    made.registerFunction(`${TIME}.${ownName(name)}(string): int`, (time: Date, zone: string) => {
      const wall = wallClock(time, zone);
      if (wall === undefined) throw new EvaluationError({ code: 'no_such_time_zone', message: 'no such time zone' });
      return BigInt(part(wall));
    });
  }
}

function found(time: Date | undefined): Date {
  if (time === undefined) throw new EvaluationError({ code: 'invalid_timestamp', message: 'no time' });
  return time;
}

const ownName = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

/** The text with the names of ours. `ast`: of the text. */
export function withOwnFunctions(text: string, ast: ASTNode): string {
  const places: { name: string; at: number }[] = [];
  walk(ast, (node) => {
    const name = replacedName(node);
    if (name === undefined) return;
    const before = node.op === 'rcall' ? (node.args[2][0]?.start ?? node.end) : node.start + name.length;
    places.push({ name, at: text.lastIndexOf(name, before) });
  });
  return places.reduce((of, { name, at }) => of.slice(0, at) + ownName(name) + of.slice(at + name.length), text);
}

/** What would be carried out by the library: a call that is not written in one piece, or `matches` as no method. */
export function foreignCall(ast: ASTNode): { name: string; at: number } | undefined {
  let foreign: { name: string; at: number } | undefined;
  walk(ast, (node) => {
    const name = node.op === 'call' && node.args[0] === 'matches' ? 'matches' : replacedName(node);
    if (name !== undefined) foreign = { name, at: node.start };
  });
  return foreign;
}

/** Parts of a time without a zone are in UTC, and only the day of the year is reckoned with the host's zone then. */
function replacedName(node: ASTNode): string | undefined {
  if (node.op === 'call') return node.args[0] === 'timestamp' ? 'timestamp' : undefined;
  if (node.op !== 'rcall') return undefined;
  const [name, , given] = node.args;
  const isOurs = name === 'matches' || (name in PARTS && (given.length > 0 || name === 'getDayOfYear'));
  return isOurs ? name : undefined;
}

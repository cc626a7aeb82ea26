// The table: one row a way to be sloppy, by the name that a test (or the command line of the stdio server) calls it by. A part of the table
// is a file of its own.
import type { Behaviour } from './behaviour.ts';
import { CONTENT, LISTS } from './list-behaviours.ts';
import { FORGETFUL, LOST, NOISE, NOTED, TURNED_AWAY } from './noise-behaviours.ts';
import { OPEN } from './open-behaviours.ts';

export const BEHAVIOURS = {
  /** Nothing is wrong with it. */
  plain: {},
  ...LISTS,
  ...CONTENT,
  ...OPEN,
  ...NOISE,
  ...LOST,
  ...TURNED_AWAY,
  ...FORGETFUL,
  ...NOTED,
} satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourName = keyof typeof BEHAVIOURS;

export function behaviourOf(name: BehaviourName): Behaviour {
  return BEHAVIOURS[name];
}

export function isBehaviour(name: string): name is BehaviourName {
  return Object.hasOwn(BEHAVIOURS, name);
}

// How many guesses a password would take somebody who knows what people choose: common passwords, words, names, keyboards, dates, repetitions, and all
// of these one after the other. Loaded on demand, because the list is large and passwords are chosen seldom.
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';

/** The work grows with the square of the length, and what begins with so much that is hard to guess needs no more. */
const READ_CHARS = 64;

/** `familiar`: what whoever guesses tries first. Returns the power of ten. */
export function createGuesses(): (password: string, familiar: readonly string[]) => number {
  const estimate = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return (password, familiar) => estimate.check(password.slice(0, READ_CHARS), [...familiar]).guessesLog10;
}

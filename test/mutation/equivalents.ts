// Mutants that no test can notice, each with the reason. `npm run mutate` does not show them; it says when one is not there any more.
import type { Equivalent } from './outcome.ts';

export const EQUIVALENTS: readonly Equivalent[] = [];

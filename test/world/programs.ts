// Which form of the two programs tests of commands start. `npm test` has just built the bundles, and tests those, as they are shipped and
// start three times as fast; a test file that is run by hand tests the sources.
import { join } from 'node:path';
import { REPOSITORY } from '../step.ts';

const built = process.env['MCPGATE_TEST_BUILT'] === '1';

export const BROKER_PROGRAM = join(REPOSITORY, built ? 'broker/bin/mcpgate-broker.cjs' : 'broker/src/main.ts');
export const GATE_PROGRAM = join(REPOSITORY, built ? 'cli/bin/mcpgate.cjs' : 'cli/src/main.ts');

// `npm run check`: everything about the sources that needs no running broker.
import { runChecks } from './checks.ts';

const results = await runChecks((text) => process.stdout.write(text));
if (results.some(({ ok }) => !ok)) process.exitCode = 1;

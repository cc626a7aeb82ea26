// The thread that imports it answers somebody who waits, mostly within milliseconds: calls come first, but it is not kept waiting for long.
// Threads import it before anything else, because to load the rest takes a processor for a while, too; in the bundle its place is what esbuild makes of it.
import { giveWay } from './give-way.ts';

giveWay(5);

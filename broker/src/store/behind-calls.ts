// The thread that imports it goes through the log or the whole database, for seconds or minutes: calls come before it.
// Threads import it before anything else, because to load the rest takes a processor for a while, too; in the bundle its place is what esbuild makes of it.
import { giveWay } from './give-way.ts';

giveWay(15);

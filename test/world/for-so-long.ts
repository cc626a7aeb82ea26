// Lets time pass, for tests that are about how long something is away: there is no event to wait for.
import { setTimeout as pass } from 'node:timers/promises';

export async function forSoLong(ms: number): Promise<void> {
  await pass(ms);
}

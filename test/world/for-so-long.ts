// How long something is away is what such a test is about: nothing but time makes it so.
import { setTimeout as pass } from 'node:timers/promises';

export async function forSoLong(ms: number): Promise<void> {
  await pass(ms);
}

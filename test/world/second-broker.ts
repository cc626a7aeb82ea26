// Starts another broker over the database of a world, as behind a load balancer; the `target` of the world's network decides which one
// laptops reach.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { World } from '../world.ts';
import { startBroker, type Broker } from './broker.ts';

export async function startSecondBroker(
  t: { after(close: () => Promise<void>): unknown },
  world: World,
  databaseUrl: string,
  name = 'second',
  masterKeyFile = join(world.broker.dataDir, 'master.key'),
): Promise<Broker> {
  const root = join(world.root, name);
  mkdirSync(root);
  const second = await startBroker({
    root,
    args: ['--public-url', world.url, '--database-url', databaseUrl],
    env: { MCPGATE_MASTER_KEY_FILE: masterKeyFile },
  });
  t.after(async () => void (await second.stop()));
  return second;
}

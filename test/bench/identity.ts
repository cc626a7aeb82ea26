// What it costs to tell whose grant a token is, with 10 and with 10,000 people and grants. Both worlds are asked in turns: machines
// drift, only the ratio counts.
import { performance } from 'node:perf_hooks';
import { createIdentityWorld, HOST, WORKSPACE } from '../../broker/src/identity/fixtures/identity-world.ts';
import { sha256Hex } from '../../broker/src/store/secret-token.ts';
import { quantile } from './quantile.ts';

const SIZES = [10, 10_000];
const ROUNDS = 40;
const LOOKUPS = 100;

async function worldOf(size: number) {
  const world = await createIdentityWorld();
  const { token } = await world.identity.grants.issue(WORKSPACE, { label: 'asked', servers: ['a'] }, HOST);
  for (let number = 1; number < size; number++) {
    const user = {
      workspaceId: WORKSPACE,
      name: `user${number}`,
      email: null,
      role: 'member',
      groups: ['all'],
    } as const;
    const { id } = await world.store.users.create(user);
    await world.store.grants.create({
      workspaceId: WORKSPACE,
      label: `grant${number}`,
      userId: id,
      tokenHash: sha256Hex(`token ${number}`),
      servers: ['a'],
      allowFrom: [],
      expiresAt: null,
      createdBy: 'bench',
    });
  }
  const ask = async (): Promise<number> => {
    const startedAt = performance.now();
    for (let number = 0; number < LOOKUPS; number++) {
      const answer = await world.identity.authenticate(token, 'mcp');
      if (answer.kind !== 'ok') throw new Error(answer.message);
    }
    return ((performance.now() - startedAt) * 1000) / LOOKUPS;
  };
  return { size, ask, figures: new Array<number>(), close: () => world.close() };
}

const worlds = await Promise.all(SIZES.map(worldOf));
for (let round = 0; round < ROUNDS; round++) for (const world of worlds) world.figures.push(await world.ask());
const medians = worlds.map(({ figures }) => quantile(figures, 0.5));
for (const [index, { size }] of worlds.entries()) {
  console.log(`${size} people and grants: ${medians[index]?.toFixed(1)} µs a lookup`);
}
const ratio = (medians[1] ?? Number.NaN) / (medians[0] ?? Number.NaN);
console.log(`ratio ${ratio.toFixed(2)}`);
for (const world of worlds) await world.close();
process.exitCode = ratio <= 1.5 ? 0 : 1;

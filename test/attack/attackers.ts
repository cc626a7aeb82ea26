// The program that attacks: everything at once, told in the environment; prints how often each attack was answered by which status.
import { Agent } from 'node:http';
import { constants, setPriority } from 'node:os';
import { badTokens, openSession, registrations, sendBody, wrongPasswords } from './attacks.ts';

export interface Attack {
  url: string;
  /** To everything else on the machine: so the broker is measured, and not how many processors there are. */
  givesWay: boolean;
  /** `eve` attacks with what she was given; `lena` sends one message of 60 MB. */
  tokens: { eve: string; lena: string };
  size: {
    badTokens: number;
    registrations: number;
    passwords: number;
    deniedCalls: number;
    bodies: number;
    bodyMegabytes: number;
  };
}

/** By attack and status. */
export type Answers = Record<string, Record<number, number>>;

const LARGE_CHARS = 60_000_000;

function count(statuses: readonly number[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

async function attack({ url, tokens, size }: Attack): Promise<Answers> {
  const bodies = async (token?: string) => {
    const asked = { path: '/mcp', megabytes: size.bodyMegabytes, ...(token !== undefined && { token }) };
    const all = await Promise.all(Array.from({ length: size.bodies }, () => sendBody(url, asked)));
    return count(all.map(({ status }) => status));
  };
  const denied = async () => {
    const eve = await openSession(url, tokens.eve, new Agent({ keepAlive: true, maxSockets: 8 }));
    const uri = `file:///${'x'.repeat(1024 * 1024)}`;
    const statuses: number[] = [];
    for (let call = 0; call < size.deniedCalls; call++)
      statuses.push((await eve('resources/read', { uri: `${uri}${call}` })).status);
    return count(statuses);
  };
  const large = async () => {
    const lena = await openSession(url, tokens.lena, new Agent({ keepAlive: true }));
    const text = 'x'.repeat(LARGE_CHARS);
    return count([(await lena('tools/call', { name: 'small__echo', arguments: { text } })).status]);
  };
  const attacks = {
    'bodies without a token': bodies(),
    'bodies with a bad token': bodies('x'.repeat(43)),
    'bodies with a good token': bodies(tokens.eve),
    'a message of 60 MB': large(),
    'denied calls with URIs of 1 MiB': denied(),
    'bad tokens': badTokens(url, size.badTokens),
    registrations: registrations(url, size.registrations),
    'wrong passwords': wrongPasswords(url, ['ada', 'eve', 'nobody'], size.passwords),
  };
  const answers: Answers = {};
  await Promise.all(
    Object.entries(attacks).map(async ([name, ends]) => {
      answers[name] = await ends;
    }),
  );
  return answers;
}

const told = process.env['ATTACK'];
if (told !== undefined) {
  const asked = JSON.parse(told) as Attack;
  if (asked.givesWay) setPriority(constants.priority.PRIORITY_LOW);
  process.stdout.write(JSON.stringify(await attack(asked)), () => process.exit());
}

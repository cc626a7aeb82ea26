// Makes user names for people who come from the company's IdP or a trusted proxy, which have names of their own for them.
import { randomBytes } from 'node:crypto';
import { asciiLetters } from 'mcpgate-shared/ascii-letters';
import type { Store } from '../../store/store.ts';
import { UserNameSchema } from './people.ts';

/** `Ada.Lövelace@corp.example` → `ada.lovelace`. */
export function toUserName(calledName: string): string {
  const local = calledName.split('@', 1)[0] ?? '';
  const plain = asciiLetters(local).toLowerCase();
  const name = plain
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+/, '')
    .slice(0, 60);
  return UserNameSchema.safeParse(name).success ? name : 'user';
}

/** `wanted`, or where somebody has that name, `wanted-2` and so on. */
export async function freeUserName(store: Pick<Store, 'users'>, workspaceId: string, wanted: string): Promise<string> {
  for (let number = 1; number < 20; number++) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if ((await store.users.byName(workspaceId, name)) === undefined) return name;
  }
  return `${wanted.slice(0, 50)}-${randomBytes(4).toString('hex')}`;
}

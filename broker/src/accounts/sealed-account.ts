// What is in an account, and how it is sealed: for one owner at one server of one workspace, so that no row is good for anybody else.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AccountRecord } from '../domain/account.ts';
import type { Vault } from '../vault/vault.ts';

const KeysContentSchema = z.object({
  kind: z.literal('keys'),
  /** Where the server was when it was made (`targetOf`): it goes nowhere else. */
  target: z.string(),
  values: z.record(z.string(), z.string()),
});

const ContentSchema = z.discriminatedUnion('kind', [KeysContentSchema]);
export type AccountContent = z.output<typeof ContentSchema>;

type Of = Pick<AccountRecord, 'workspaceId' | 'serverId' | 'owner'>;

const purposeOf = ({ workspaceId, serverId, owner }: Of): string => `account ${workspaceId} ${serverId} ${owner}`;

export function sealAccount(vault: Pick<Vault, 'seal'>, of: Of, content: AccountContent): Uint8Array {
  return vault.seal(purposeOf(of), Buffer.from(JSON.stringify(content)));
}

/** Throws `internal` where it was sealed for somebody else, or changed. */
export async function openAccount(
  vault: Pick<Vault, 'open'>,
  account: Of & Pick<AccountRecord, 'sealed'>,
): Promise<AccountContent> {
  const text = Buffer.from(await vault.open(purposeOf(account), account.sealed)).toString();
  const content = ContentSchema.safeParse(JSON.parse(text));
  if (content.success) return content.data;
  throw new GateError(
    'internal',
    `the account of ${account.owner} at server ${account.serverId} is of another version`,
  );
}

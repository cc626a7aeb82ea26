// What is in an account, and how it is sealed: for one owner at one server of one workspace, so that no row is good for anybody else.
import { GateError } from 'mcpgate-shared/error';
import { z } from 'zod';
import type { AccountRecord } from '../domain/people/account.ts';
import type { Vault } from '../vault/vault.ts';
import { OAuthClientSchema } from './oauth/client-identity.ts';

/** Where the server was when it was made (`targetOf`): it goes nowhere else. */
const target = z.string();

const KeysContentSchema = z.object({ kind: z.literal('keys'), target, values: z.record(z.string(), z.string()) });

const TokensContentSchema = z.object({
  kind: z.literal('oauth'),
  target,
  /** Of the authorization server, as much as is needed after the login. */
  server: z.object({
    issuer: z.string(),
    token_endpoint: z.string(),
    revocation_endpoint: z.string().exactOptional(),
  }),
  client: OAuthClientSchema,
  /** RFC 8707. */
  resource: z.string(),
  accessToken: z.string(),
  refreshToken: z.string().nullable(),
  /** Whether a refresh token is good for one use; null: none was used yet. */
  rotates: z.boolean().nullable(),
});
export type TokensContent = z.output<typeof TokensContentSchema>;

const ContentSchema = z.discriminatedUnion('kind', [KeysContentSchema, TokensContentSchema]);
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

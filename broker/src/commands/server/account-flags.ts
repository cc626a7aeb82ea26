// The flags by which `server add` and `server set` say whose account a server is used with, and what kind of one.
import type { Command } from 'commander';
import {
  AccountFormSchema,
  type AccountFormBody,
  type WhoseCredential,
  WhoseCredentialSchema,
} from 'mcpgate-shared/api/accounts/account-forms';
import { GateError } from 'mcpgate-shared/error';
import { secretReference } from 'mcpgate-shared/values/secret-reference';
import { pairs } from '../values.ts';

export interface AccountFlags {
  credential?: string;
  oauth?: boolean;
  scope?: string[];
  clientId?: string;
  clientSecretRef?: string;
  issuer?: string;
  grant?: string;
  viaIdp?: boolean;
  key?: string[];
  openKey?: string[];
}

export function accountFlags(command: Command): Command {
  return command
    .option('--credential <whose>', 'shared: everybody as one; personal: each person with an account of their own')
    .option('--oauth', 'the account is made by OAuth, in the browser')
    .option('--scope <scope...>', 'with --oauth: what is asked for; what the server names unless said')
    .option('--client-id <id>', 'with --oauth: a client that you have registered there by hand')
    .option('--client-secret-ref <name>', 'with --client-id: the secret of the vault that is its secret')
    .option('--issuer <url>', 'with --oauth: the only authorization server that is gone to')
    .option(
      '--grant <kind>',
      'with --oauth, without a login: client_credentials, or jwt_bearer (the secret is the assertion)',
    )
    .option('--via-idp', 'with --oauth: nobody logs in, as the company’s IdP says there who each person is')
    .option('--key <name=label...>', 'a key that each person enters; the record has it as ${account:NAME}')
    .option('--open-key <name=label...>', 'the same for what is no secret, as an e-mail address');
}

/** What the flags say; empty where they say nothing. Throws `usage`, naming the flag. */
export function accountOf(flags: AccountFlags): { credential?: WhoseCredential; account?: AccountFormBody } {
  const { credential, oauth, scope, clientId, clientSecretRef, issuer, grant, viaIdp, key, openKey } = flags;
  const whose = credential === undefined ? undefined : whoseOf(credential);
  const own = { ...(whose === undefined ? {} : { credential: whose }) };
  const keys = [...keysOf('--key', key, true), ...keysOf('--open-key', openKey, false)];
  const ofOAuth = {
    '--scope': scope,
    '--client-id': clientId,
    '--client-secret-ref': clientSecretRef,
    '--issuer': issuer,
    '--grant': grant,
    '--via-idp': viaIdp,
  };
  if (oauth !== true) {
    const alone = Object.entries(ofOAuth).find(([, value]) => value !== undefined);
    if (alone !== undefined)
      throw new GateError(
        'usage',
        `${alone[0]} says how an account by OAuth is made: give it along with --oauth, and with all else that is to hold of that account`,
      );
    return keys.length === 0 ? own : { ...own, account: checked({ kind: 'keys', fields: keys }) };
  }
  if (keys.length > 0) throw new GateError('usage', 'an account is made by --oauth or of keys, not both');
  const account = checked({
    kind: 'oauth',
    ...(scope === undefined ? {} : { scopes: scope.flatMap((each) => each.split(/[\s,]+/)).filter(Boolean) }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(clientSecretRef === undefined ? {} : { client_secret: secretReference(clientSecretRef) }),
    ...(grant === undefined ? {} : { grant }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(viaIdp === true ? { via: 'idp' } : {}),
  });
  return { ...own, account };
}

function keysOf(flag: string, words: readonly string[] | undefined, secret: boolean) {
  return Object.entries(pairs(flag, words, /=/)).map(([name, label]) => ({ name, label, secret }));
}

function checked(form: unknown): AccountFormBody {
  const known = AccountFormSchema.safeParse(form);
  if (known.success) return known.data;
  throw new GateError('usage', known.error.issues[0]?.message ?? 'an account of this kind is not known');
}

function whoseOf(text: string): WhoseCredential {
  const known = WhoseCredentialSchema.safeParse(text);
  if (known.success) return known.data;
  throw new GateError('usage', `--credential: "${text}" is neither shared nor personal`);
}

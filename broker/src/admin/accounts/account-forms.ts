// Converts the account that a server's record asks for between the API and the domain, and refuses a record whose transport, credential and
// account do not fit together.
import type { AccountFormBody } from 'mcpgate-shared/api/accounts/account-forms';
import { GateError } from 'mcpgate-shared/error';
import type { AccountForm } from '../../domain/people/account.ts';
import type { ServerRecord } from '../../domain/server-record.ts';
import { isAtUrl } from '../../domain/transports/transports.ts';
import { accountKeysIn } from '../../domain/transports/transport-texts.ts';

export function toAccountForm(body: AccountFormBody): AccountForm {
  if (body.kind === 'keys') {
    const fields = body.fields.map(({ name, label, help, secret }) => ({
      ...{ name, label, secret },
      ...(help === undefined ? {} : { help }),
    }));
    return { kind: 'keys', fields };
  }
  const { scopes, client_id: clientId, client_secret: clientSecret, grant, issuer, via } = body;
  return {
    kind: 'oauth',
    ...(scopes === undefined ? {} : { scopes }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    ...(grant === undefined ? {} : { grant }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(via === undefined ? {} : { via }),
  };
}

export function fromAccountForm(form: AccountForm): AccountFormBody {
  if (form.kind === 'keys') return { kind: 'keys', fields: form.fields.map((field) => ({ ...field })) };
  const { scopes, clientId, clientSecret, grant, issuer, via } = form;
  return {
    kind: 'oauth',
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(clientId === undefined ? {} : { client_id: clientId }),
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    ...(grant === undefined ? {} : { grant }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(via === undefined ? {} : { via }),
  };
}

type Told = Pick<ServerRecord, 'name' | 'transport' | 'credential' | 'account'>;

/** Throws `usage` where a record asks for an account that it cannot be used with, naming what is wrong. */
export function assertAccountFits({ name, transport, credential, account }: Told): void {
  const usage = (message: string) => new GateError('usage', `server ${name}: ${message}`);
  const used = accountKeysIn(transport);
  const declared = account?.kind === 'keys' ? account.fields.map((field) => field.name) : [];
  const undeclared = used.find((key) => !declared.includes(key));
  if (undeclared !== undefined)
    throw usage(
      `\${account:${undeclared}} is no key of its account; declare it with --key ${undeclared}='LABEL', or, where everybody is to use one secret, say all of it at once: --credential shared --no-account --header NAME='\${secret:NAME}' (or --env), in the place of what has \${account:${undeclared}}`,
    );
  const twice = declared.find((key, index) => declared.indexOf(key) !== index);
  if (twice !== undefined) throw usage(`the key ${twice} is declared twice`);
  const unused = declared.find((key) => !used.includes(key));
  if (unused !== undefined)
    throw usage(`nobody would need the key ${unused}: write \${account:${unused}} where the server wants it`);
  if (account === null) {
    if (credential === 'shared') return;
    throw usage('say what a person needs there: --oauth, or --key NAME=LABEL for each key');
  }
  if (account.kind === 'keys') {
    if (credential === 'personal') return;
    throw usage(
      "keys that everybody uses are secrets, and --key is for personal ones: `secret set NAME`, then all of it at once: --credential shared --no-account --header NAME='${secret:NAME}' (or --env), in the place of what has ${account:…}",
    );
  }
  if (!isAtUrl(transport)) throw usage('OAuth is for servers at a URL; a command takes keys');
  const own = Object.keys(transport.headers).find((header) => header.toLowerCase() === 'authorization');
  if (own !== undefined) throw usage(`with OAuth the header ${own} is mcpgate's to set; leave it out of the record`);
  if (/^[a-z]+:\/\/[^/?#]*@/i.test(transport.url)) throw usage('with OAuth no user or password may stand in the URL');
  if (account.clientSecret !== undefined && account.clientId === undefined)
    throw usage('a client secret belongs to a client: --client-id');
  if (account.grant !== undefined && credential === 'personal')
    throw usage('tokens without a login are everybody’s: --grant goes with --credential shared');
  if (account.grant !== undefined && account.clientSecret === undefined)
    throw usage('tokens without a login need a client and its secret: --client-id, --client-secret-ref and --issuer');
  if (account.grant !== undefined && account.via === 'idp')
    throw usage(
      'a token comes of the sign-in at the company’s IdP (--via-idp) or of the client itself (--grant), not of both',
    );
  if (account.via === 'idp' && credential !== 'personal')
    throw usage('what the company’s IdP says is said of one person: --credential personal');
  // An assertion is for one authorization server, in which an administrator has set up the client and the IdP.
  if (account.via === 'idp' && (account.issuer === undefined || account.clientId === undefined))
    throw usage('with --via-idp name the authorization server and the client there: --issuer, --client-id');
  // Else the server, or whoever answers in its place, would say where the secret is sent.
  if (account.clientSecret !== undefined && account.issuer === undefined)
    throw usage('a client secret is sent to one authorization server: name it with --issuer');
}

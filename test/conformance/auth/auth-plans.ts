// What an administrator writes into the record of each scenario's server, and what comes of it. Where nothing is said: each person connects an
// account of their own, and their call is answered.
import { z } from 'zod';

export interface AuthPlan {
  /** Words of `server add` after the URL. */
  readonly words: readonly string[];
  /** Secrets that they name. */
  readonly secrets: Readonly<Record<string, string>>;
  /** What the company's IdP goes on with when it is asked for an assertion (RFC 8693); left out: nobody signs in there. */
  readonly exchange?: { readonly endpoint: string; readonly clientId: string; readonly idToken: string };
  /** The login must not come to its end, and this is what the person at the browser reads. */
  readonly refused?: RegExp;
  /** Every call must fail, however often its person allows what is asked for. */
  readonly fails?: true;
  /** How many calls are made, one after the other; 1 unless given. */
  readonly calls?: number;
}

/** What the suite gives a client besides the address. */
export type AuthContext = Readonly<Record<string, unknown>>;

const OWN = { words: ['--credential', 'personal', '--oauth'], secrets: {} } as const;
const Client = z.object({ client_id: z.string(), client_secret: z.string() });

const Company = Client.extend({ idp_client_id: z.string(), idp_id_token: z.string(), idp_token_endpoint: z.url() });

const REFUSED: Readonly<Record<string, RegExp>> = {
  'auth/resource-mismatch': /describes another resource than server/,
  'auth/metadata-issuer-mismatch': /must call itself/,
  'auth/iss-supported-missing': /names no issuer/,
  'auth/iss-wrong-issuer': /of another issuer/,
  'auth/iss-unexpected': /of another issuer/,
  'auth/iss-normalized': /of another issuer/,
};

/** `issuer`: of the authorization server that the scenario's server names, as an administrator looks it up. */
export function planOf(scenario: string, context: AuthContext, issuer: string): AuthPlan {
  const refused = REFUSED[scenario];
  if (refused !== undefined) return { ...OWN, refused };
  switch (scenario) {
    case 'auth/scope-retry-limit':
      return { ...OWN, fails: true };
    case 'auth/authorization-server-migration':
      return { ...OWN, calls: 2 };
    case 'auth/pre-registration': {
      const { client_id: id, client_secret: secret } = Client.parse(context);
      const client = ['--client-id', id, '--client-secret-ref', 'client-secret', '--issuer', issuer];
      return { words: [...OWN.words, ...client], secrets: { 'client-secret': secret } };
    }
    case 'auth/client-credentials-basic':
      return machine(issuer, 'client_credentials', Client.parse(context));
    case 'auth/client-credentials-jwt': {
      const { client_id, private_key_pem } = z
        .object({ client_id: z.string(), private_key_pem: z.string() })
        .parse(context);
      return machine(issuer, 'client_credentials', { client_id, client_secret: private_key_pem });
    }
    case 'auth/wif-jwt-bearer': {
      const { client_id, valid_jwt } = z.object({ client_id: z.string(), valid_jwt: z.string() }).parse(context);
      return machine(issuer, 'jwt_bearer', { client_id, client_secret: valid_jwt });
    }
    case 'auth/enterprise-managed-authorization':
    case 'auth/cross-app-access-complete-flow':
      return viaIdp(issuer, Company.parse(context));
    default:
      return OWN;
  }
}

/** Everybody uses the server with the tokens of a client, and nobody logs in. */
function machine(issuer: string, grant: string, { client_id: id, client_secret: secret }: z.output<typeof Client>) {
  const client = ['--client-id', id, '--client-secret-ref', 'client-secret', '--issuer', issuer];
  return { words: ['--oauth', '--grant', grant, ...client], secrets: { 'client-secret': secret } };
}

/** Each person has an account by their sign-in at the company's IdP. */
function viaIdp(issuer: string, given: z.output<typeof Company>): AuthPlan {
  const client = ['--client-id', given.client_id, '--client-secret-ref', 'client-secret', '--issuer', issuer];
  return {
    words: [...OWN.words, '--via-idp', ...client],
    secrets: { 'client-secret': given.client_secret },
    exchange: { endpoint: given.idp_token_endpoint, clientId: given.idp_client_id, idToken: given.idp_id_token },
  };
}

// An IdP's side of SCIM: what Entra ID and Okta send, by their documentation, word for word where it matters.
import { z } from 'zod';
import type { World } from '../../world.ts';

const AnswerSchema = z.looseObject({
  id: z.string().optional(),
  userName: z.string().optional(),
  active: z.boolean().optional(),
  displayName: z.string().optional(),
  externalId: z.string().optional(),
  members: z.array(z.looseObject({ value: z.string() })).optional(),
  totalResults: z.number().optional(),
  startIndex: z.number().optional(),
  itemsPerPage: z.number().optional(),
  Resources: z.array(z.looseObject({ id: z.string() })).optional(),
  status: z.string().optional(),
  scimType: z.string().optional(),
  detail: z.string().optional(),
});
export type ScimAnswer = z.output<typeof AnswerSchema> & { code: number; type: string | null };

export interface ScimClient {
  /** `path` below `/scim/v2`. A text is sent as it is. */
  send(method: string, path: string, body?: unknown): Promise<ScimAnswer>;
  /** Sends operations; the answer must be a good one. */
  patch(path: string, operations: readonly unknown[]): Promise<ScimAnswer>;
}

export function createScimClient(brokerUrl: string, token: string | undefined): ScimClient {
  const send: ScimClient['send'] = async (method, path, body) => {
    const response = await fetch(`${brokerUrl}/scim/v2${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        'content-type': 'application/scim+json; charset=utf-8',
        accept: 'application/scim+json',
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? {} : AnswerSchema.parse(JSON.parse(text));
    return { ...answer, code: response.status, type: response.headers.get('content-type') };
  };
  return {
    send,
    async patch(path, operations) {
      const body = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
      const answer = await send('PATCH', path, body);
      if (answer.code !== 200) throw new Error(`PATCH ${path}: ${answer.code} ${answer.detail ?? ''}`);
      return answer;
    },
  };
}

export async function issueAdminToken(world: World, role = 'scim', label = `idp-${role}`): Promise<string> {
  const words = ['admin-token', 'issue', '--label', label, '--role', role];
  return ((await world.broker.json(words)) as { token: string }).token;
}

/** The company's IdP, with a token of its own. */
export async function connectIdp(world: World): Promise<ScimClient> {
  return createScimClient(world.url, await issueAdminToken(world));
}

export const scimFilter = (filter: string): string => `?filter=${encodeURIComponent(filter)}`;

/** What Entra ID posts for a new person, with its default attribute mapping. */
export function entraUser(userPrincipalName: string, objectId: string): Record<string, unknown> {
  return {
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    externalId: objectId,
    userName: userPrincipalName,
    active: true,
    displayName: 'Ada Lovelace',
    emails: [{ primary: true, type: 'work', value: userPrincipalName }],
    meta: { resourceType: 'User' },
    name: { formatted: 'Ada Lovelace', familyName: 'Lovelace', givenName: 'Ada' },
    roles: [],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Engines' },
  };
}

/** What Okta posts for a new person. */
export function oktaUser(login: string, oktaId: string): Record<string, unknown> {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: login,
    name: { givenName: 'Grace', familyName: 'Hopper' },
    emails: [{ primary: true, value: login, type: 'work' }],
    displayName: 'Grace Hopper',
    locale: 'en-US',
    externalId: oktaId,
    groups: [],
    password: '1mz050nq',
    active: true,
  };
}

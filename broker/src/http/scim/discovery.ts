// What this SCIM server can do, and the attributes that it keeps (RFC 7643, sections 5 to 7).
import type { FastifyInstance } from 'fastify';
import { GateError } from 'mcpgate-shared/error';
import { GROUP_SCHEMA } from './group-resource.ts';
import { idOf } from './scim-caller.ts';
import { listResponse, MAX_RESULTS } from './scim-lists.ts';
import { USER_SCHEMA } from './user-resource.ts';

interface Attribute {
  name: string;
  type: 'string' | 'boolean' | 'complex' | 'reference';
  multiValued: boolean;
  required: boolean;
  caseExact: boolean;
  mutability: 'readWrite' | 'readOnly';
  returned: 'default';
  uniqueness: 'none' | 'server';
  subAttributes?: Attribute[];
}

function attribute(name: string, more: Partial<Attribute> = {}): Attribute {
  const plain = { type: 'string', multiValued: false, required: false, caseExact: false } as const;
  return { name, ...plain, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...more };
}

const complex = (name: string, subAttributes: Attribute[], more: Partial<Attribute> = {}): Attribute =>
  attribute(name, { type: 'complex', subAttributes, ...more });

const READ_ONLY = { multiValued: true, mutability: 'readOnly' } as const;

const SCHEMAS = [
  {
    id: USER_SCHEMA,
    name: 'User',
    description: 'A person',
    attributes: [
      attribute('userName', { required: true, uniqueness: 'server' }),
      complex('name', [attribute('givenName'), attribute('familyName')]),
      attribute('displayName'),
      complex('emails', [attribute('value'), attribute('type'), attribute('primary', { type: 'boolean' })], {
        multiValued: true,
      }),
      attribute('active', { type: 'boolean' }),
      complex(
        'groups',
        [attribute('value'), attribute('display'), attribute('$ref', { type: 'reference' })],
        READ_ONLY,
      ),
    ],
  },
  {
    id: GROUP_SCHEMA,
    name: 'Group',
    description: 'A group of people, which rules name by its id',
    attributes: [
      attribute('displayName', { required: true, uniqueness: 'server' }),
      complex('members', [attribute('value', { caseExact: true }), attribute('display'), attribute('type')], {
        multiValued: true,
      }),
    ],
  },
];

const TYPES = [
  { id: 'User', name: 'User', endpoint: '/Users', schema: USER_SCHEMA },
  { id: 'Group', name: 'Group', endpoint: '/Groups', schema: GROUP_SCHEMA },
];

export function registerDiscovery(app: FastifyInstance, baseUrl: string): void {
  const types = TYPES.map((type) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    ...type,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${type.id}` },
  }));
  const schemas = SCHEMAS.map((schema) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    ...schema,
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  }));
  const one = <T extends { id: string }>(items: readonly T[], id: string): T => {
    const found = items.find((item) => item.id === id);
    if (found === undefined) throw new GateError('not_found', `there is no ${id} here`);
    return found;
  };

  app.get('/ServiceProviderConfig', () => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_RESULTS },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: false },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Administration token',
        description: 'mcpgate-broker admin-token issue --role scim',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  }));
  app.get('/ResourceTypes', () => listResponse(types.length, types, { startIndex: 1 }));
  app.get('/ResourceTypes/:id', (request) => one(types, idOf(request)));
  app.get('/Schemas', () => listResponse(schemas.length, schemas, { startIndex: 1 }));
  app.get('/Schemas/:id', (request) => one(schemas, idOf(request)));
}

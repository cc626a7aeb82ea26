// A person as SCIM's User (RFC 7643, section 4.1). Attributes that mean nothing here are taken and left out.
import { EmailSchema } from '../../identity/registers/people.ts';
import type { PersonChange, ProvisionedPerson } from '../../identity/provisioning/provisioning.ts';
import type { Edit } from './scim-edits.ts';
import { badRequest } from './scim-error.ts';
import { itemsOf, textOf, textOrNull } from './scim-values.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

export function toUserResource(person: ProvisionedPerson, baseUrl: string): Record<string, unknown> {
  const { id, userName, externalId, displayName, givenName, familyName, email, active, groups } = person;
  const hasName = givenName !== null || familyName !== null;
  return {
    schemas: [USER_SCHEMA],
    id,
    ...(externalId !== null && { externalId }),
    userName,
    ...(displayName !== null && { displayName }),
    ...(hasName && { name: { ...(givenName !== null && { givenName }), ...(familyName !== null && { familyName }) } }),
    ...(email !== null && { emails: [{ value: email, type: 'work', primary: true }] }),
    active,
    groups: groups.map((name) => ({ value: name, display: name, $ref: `${baseUrl}/Groups/${name}` })),
    meta: {
      resourceType: 'User',
      created: new Date(person.createdAt).toISOString(),
      location: `${baseUrl}/Users/${id}`,
    },
  };
}

/** What a PUT leaves out is cleared (RFC 7644, section 3.5.1), but nobody is let in or cut off by something that is not said. */
export const CLEARED: PersonChange = {
  externalId: null,
  displayName: null,
  givenName: null,
  familyName: null,
  email: null,
};

export function toPersonChange(edits: readonly Edit[]): PersonChange {
  const change: PersonChange = {};
  for (const edit of edits) Object.assign(change, partOf(edit));
  return change;
}

function partOf({ op, attribute, filter, value: given }: Edit): PersonChange {
  const value = op === 'remove' ? null : given;
  switch (attribute) {
    case 'username':
      return { userName: textOf(value, attribute) };
    case 'externalid':
      return { externalId: textOrNull(value, attribute) };
    case 'displayname':
      return { displayName: textOrNull(value, attribute) };
    case 'name.givenname':
      return { givenName: textOrNull(value, attribute) };
    case 'name.familyname':
      return { familyName: textOrNull(value, attribute) };
    case 'name':
      return namePart(value);
    case 'active':
      return { active: toActive(value) };
    case 'emails':
      return { email: toEmail(itemsOf(value, attribute)) };
    case 'emails.value':
      // Only the address at work is kept.
      return filter !== undefined && /\btype\b/i.test(filter) && !/"work"/i.test(filter)
        ? {}
        : { email: EmailSchema.safeParse(value).data ?? null };
    default:
      return {};
  }
}

function namePart(value: unknown): PersonChange {
  if (value === null) return { givenName: null, familyName: null };
  if (typeof value !== 'object') throw badRequest('invalidValue', 'name must be an object');
  const part: PersonChange = {};
  for (const [key, each] of Object.entries(value ?? {})) {
    if (key.toLowerCase() === 'givenname') part.givenName = textOrNull(each, 'name.givenName');
    if (key.toLowerCase() === 'familyname') part.familyName = textOrNull(each, 'name.familyName');
  }
  return part;
}

/** Entra sends "False" as text unless it is told otherwise. */
function toActive(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  const word = typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw badRequest('invalidValue', 'active must be true or false');
}

function toEmail(items: readonly Readonly<Record<string, unknown>>[]): string | null {
  const chosen =
    items.find((item) => item['primary'] === true) ?? items.find(({ type }) => type === 'work') ?? items[0];
  return EmailSchema.safeParse(chosen?.['value']).data ?? null;
}

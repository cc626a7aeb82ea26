// What the IdP says of a person, as this broker understands it. A claim is a stranger's text: bounded, and where it decides over access,
// read to the letter or refused.
import { ROLES, type Role } from 'mcpgate-shared/api/roles';
import { GroupNameSchema, EmailSchema } from '../registers/people.ts';
import type { IdpSettings } from '../../domain/idp-settings.ts';
import { refused, type Refusal } from './refusal.ts';

const MAX_GROUPS = 2_000;
const MAX_SUBJECT_CHARS = 255;

/** Somebody as another system knows them. */
export interface ExternalPerson {
  issuer: string;
  subject: string;
  /** What they are called there: a login name or an address. */
  calledName: string;
  /** Of a proxy: as it says. Of an IdP: verified, else null. */
  email: string | null;
  emailVerified: boolean;
  /** Undefined: not said, what is stored here stays. */
  groups: readonly string[] | undefined;
  role: Role | undefined;
}

type Claims = Readonly<Record<string, unknown>>;
type ClaimSettings = Pick<
  IdpSettings,
  | 'issuer'
  | 'label'
  | 'nameClaim'
  | 'emailClaim'
  | 'groupsClaim'
  | 'groupMapping'
  | 'roleMapping'
  | 'allowedDomains'
  | 'trustEmail'
>;

/** A claim by its name, or nested (`realm_access.roles`). Names may hold dots themselves: the whole name counts first. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    return Object.getOwnPropertyDescriptor(value, part)?.value as unknown;
  }, claims);
}

const text = (value: unknown, maxChars: number): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= maxChars ? value : undefined;

/** Reads the claims of a verified ID token, with those of the userinfo answer added. */
export function readClaims(claims: Claims, settings: ClaimSettings): { kind: 'ok'; person: ExternalPerson } | Refusal {
  const subject = text(claims['sub'], MAX_SUBJECT_CHARS);
  if (subject === undefined) return refused('token', `${settings.label} does not say who you are.`, 'no sub claim');
  const email = EmailSchema.safeParse(claimAt(claims, settings.emailClaim)).data ?? null;
  const said = claims['email_verified'];
  const emailVerified = email !== null && (settings.trustEmail || said === true || said === 'true');

  const outside = domainProblem({ claims, email, emailVerified }, settings);
  if (outside !== undefined) return outside;
  const groups = readGroups(claims, settings);
  if (groups.kind === 'refused') return groups;

  const { names } = groups;
  return {
    kind: 'ok',
    person: {
      issuer: settings.issuer,
      subject,
      calledName: text(claimAt(claims, settings.nameClaim), 256) ?? email ?? 'user',
      // Of an address that anybody could have claimed nothing is to follow: not here, nor where SCIM looks for people by theirs.
      email: emailVerified ? email : null,
      emailVerified,
      groups: names === undefined ? undefined : ourGroups(names, settings.groupMapping),
      role: settings.roleMapping === undefined ? undefined : highestRole(names ?? [], settings.roleMapping),
    },
  };
}

function domainProblem(
  { claims, email, emailVerified }: { claims: Claims; email: string | null; emailVerified: boolean },
  { allowedDomains, label }: ClaimSettings,
): Refusal | undefined {
  if (allowedDomains.length === 0) return undefined;
  const allowed = new Set(allowedDomains.map((domain) => domain.toLowerCase()));
  // Google's claim of the organization: where it is there, it and not the address says whose account this is.
  const hosted = claims['hd'];
  if (hosted !== undefined) {
    if (typeof hosted === 'string' && allowed.has(hosted.toLowerCase())) return undefined;
    return refused('domain', 'Your account belongs to an organization that may not sign in here.');
  }
  if (email === null) return refused('domain', `${label} does not say your e-mail address, which this broker needs.`);
  if (!emailVerified) return refused('domain', `${label} does not say that your e-mail address was verified.`);
  if (allowed.has(email.slice(email.lastIndexOf('@') + 1).toLowerCase())) return undefined;
  return refused('domain', 'E-mail addresses of your domain may not sign in here.');
}

function readGroups(
  claims: Claims,
  { groupsClaim, label }: ClaimSettings,
): { kind: 'ok'; names: readonly string[] | undefined } | Refusal {
  if (groupsClaim === undefined) return { kind: 'ok', names: undefined };
  const elsewhere = claims['_claim_names'];
  const told = claimAt(claims, groupsClaim);
  // Entra's overage: too many groups for a token, which then names a place to ask instead (OpenID Connect Core, section 5.6.2).
  if (
    told === undefined &&
    typeof elsewhere === 'object' &&
    elsewhere !== null &&
    Object.hasOwn(elsewhere, groupsClaim)
  )
    return refused(
      'groups',
      `You are in more groups than ${label} puts into a sign-in. Ask your platform team to have it send only the groups of this application.`,
      `_claim_names has ${groupsClaim}`,
    );
  // IdPs leave the claim out for people without a group.
  if (told === undefined || told === null) return { kind: 'ok', names: [] };
  const list: unknown = typeof told === 'string' ? [told] : told;
  if (!Array.isArray(list))
    return refused('groups', `${label} sends your groups in a form that this broker does not know.`, typeof told);
  if (list.length > MAX_GROUPS)
    return refused(
      'groups',
      `${label} sends ${list.length} groups for you; at most ${MAX_GROUPS} are read. Ask your platform team to have it send only the groups of this application.`,
    );
  return { kind: 'ok', names: list.filter((name) => text(name, 256) !== undefined).map(String) };
}

function ourGroups(names: readonly string[], mapping: Readonly<Record<string, string>> | undefined): string[] {
  const ours = names.flatMap((name) => {
    if (mapping !== undefined) return Object.hasOwn(mapping, name) ? [mapping[name] ?? ''] : [];
    return [name.toLowerCase()];
  });
  return [...new Set(ours)].filter((name) => GroupNameSchema.safeParse(name).success).toSorted();
}

function highestRole(names: readonly string[], mapping: Readonly<Record<string, Role>>): Role {
  const roles = new Set(names.flatMap((name) => (Object.hasOwn(mapping, name) ? [mapping[name]] : [])));
  return ROLES.find((role) => roles.has(role)) ?? 'member';
}

// Reads the claims of a verified ID token: who the person is, and their e-mail address, groups and role. A claim is a stranger's text: it is bounded,
// and one that decides over access is refused where it is not in the expected form.
import { ROLES, type Role } from 'mcpgate-shared/api/roles';
import { GroupNameSchema, EmailSchema } from '../registers/people.ts';
import type { IdpSettings } from '../../config/idp-settings.ts';
import { refused, type Refusal } from './refusal.ts';

const MAX_GROUPS = 2_000;
const MAX_SUBJECT_CHARS = 255;

/** A person as the company's IdP or a trusted proxy knows them. */
export interface ExternalPerson {
  issuer: string;
  subject: string;
  /** The name that the IdP or proxy has for the person: a login name or an e-mail address. */
  calledName: string;
  /** From an IdP: only a verified address, else null. From a proxy: as it says. */
  email: string | null;
  emailVerified: boolean;
  /** Undefined: the IdP or proxy does not say the groups, so the stored ones stay. The same holds for the role. */
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

/** The claim with this name, or with this path (`realm_access.roles`). A name may itself hold dots, so the whole text is tried as a name first. */
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
      // An unverified address is dropped: anybody could have claimed it, and sign-ins and SCIM recognize people by their address.
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
  // `hd` is Google's claim of the account's organization. Where it is there, it decides, and not the domain of the address.
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
  // Entra's "overage": the person has too many groups for a token, which then names a URL to ask instead (OpenID Connect Core, section 5.6.2).
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

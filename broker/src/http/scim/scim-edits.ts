// A PATCH (RFC 7644, section 3.5.2) or a whole resource as a list of edits of single attributes. Takes the forms that IdPs really send:
// operations in any case, no path and an object of values, paths with a schema or a filter.
import { z } from 'zod';
import { CORE_PREFIX } from './scim-filter.ts';
import { badRequest } from './scim-error.ts';

export interface Edit {
  op: 'add' | 'replace' | 'remove';
  /** In small letters, with its sub-attribute: `active`, `name.givenname`, `emails.value`, `members`. */
  attribute: string;
  /** What stands in brackets after the attribute: `value eq "ID"`. */
  filter?: string;
  value: unknown;
}

const MAX_OPERATIONS = 1_000;
const PATH = /^([A-Za-z$][\w$-]*)(?:\[([^\]]{1,500})\])?(?:\.([A-Za-z$][\w$-]*))?$/;
const ObjectSchema = z.record(z.string(), z.unknown());
const OperationSchema = z.object({
  op: z
    .string()
    .transform((op) => op.toLowerCase())
    .pipe(z.enum(['add', 'replace', 'remove'])),
  path: z.string().nullish(),
  value: z.unknown().optional(),
});
const PatchSchema = z.object({ Operations: z.array(OperationSchema).min(1).max(MAX_OPERATIONS) });

/** Throws `usage` with `invalidSyntax`, `invalidPath` or `noTarget`. */
export function readPatch(body: unknown): Edit[] {
  const patch = PatchSchema.safeParse(body);
  if (!patch.success)
    throw badRequest(
      'invalidSyntax',
      `this takes Operations, 1 to ${MAX_OPERATIONS}, each with an op: add, replace or remove`,
    );
  return patch.data.Operations.flatMap(({ op, path, value }) => {
    if (typeof path === 'string' && path !== '') return readEdit(op, path, value) ?? [];
    const values = ObjectSchema.safeParse(value);
    if (!values.success) throw badRequest('noTarget', `an operation "${op}" needs a path, or an object of values`);
    return Object.entries(values.data).flatMap(([key, each]) => readEdit(op, key, each) ?? []);
  });
}

/** Throws `usage` where it is no object. */
export function readResource(body: unknown): Edit[] {
  const values = ObjectSchema.safeParse(body);
  if (!values.success) throw badRequest('invalidSyntax', 'this takes a resource: a JSON object');
  return Object.entries(values.data).flatMap(([key, value]) => readEdit('replace', key, value) ?? []);
}

/** Undefined for what belongs to schemas that are not kept here. */
function readEdit(op: Edit['op'], path: string, value: unknown): Edit | undefined {
  const plain = path.replace(CORE_PREFIX, '');
  if (/^urn:/i.test(plain)) return undefined;
  const [whole, attribute = '', filter, sub] = PATH.exec(plain) ?? [];
  if (whole === undefined) throw badRequest('invalidPath', `"${path.slice(0, 100)}" is no path of an attribute`);
  const name = (sub === undefined ? attribute : `${attribute}.${sub}`).toLowerCase();
  return { op, attribute: name, value, ...(filter !== undefined && { filter }) };
}

// What one key of the configuration is, said once. `schema.ts` and its sections declare every key with the functions here; from the
// declarations follow what a file may hold, the options of `start`, the environment that is read, what a mistyped key may have meant, and
// the reference.
import type { z } from 'zod';

/** What a value looks like: what the reference calls it, what is taken, and what that is turned into. */
export interface Form<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly schema: S;
}

export const form = <S extends z.ZodType>(name: string, schema: S): Form<S> => ({ name, schema });

/** An option of `start`. */
export interface Flag {
  /** As commander reads it; a list takes several words: `<cidr...>`. */
  readonly syntax: `--${string} <${string}>`;
  /** What `--help` says of it; default and environment variable are added there. */
  readonly help: string;
}

/** `--public-url`. */
export const flagName = ({ syntax }: Flag): string => syntax.split(' ')[0] ?? syntax;

/** `publicUrl`: what commander calls the option. */
export const flagProperty = (flag: Flag): string =>
  flagName(flag)
    .slice('--'.length)
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What is said of a key besides its form and default. Only text comes from the environment, and only text and lists of it from a flag. */
interface Said<S extends z.ZodType> {
  readonly description: string;
  /** Where the default does not show what a value looks like. */
  readonly example?: z.input<S>;
  /** The variable that sets it. */
  readonly env?: z.input<S> extends string ? string : never;
  readonly flag?: z.input<S> extends string | string[] ? Flag : never;
}

/** All that was said of a key. */
export interface Key {
  readonly form: Form;
  readonly description: string;
  /** Default and example are what one writes in the file, not yet what the form turns it into. */
  readonly default?: unknown;
  readonly example?: unknown;
  readonly env?: string;
  readonly flag?: Flag;
}

const keys = new WeakMap<z.core.$ZodType, Key>();

/** What was said of the key that `schema` takes the value of; undefined: it takes none, it is a section. */
export const keyOf = (schema: z.core.$ZodType): Key | undefined => keys.get(schema);

function declare<S extends z.ZodType>(schema: S, key: Key): S {
  keys.set(schema, key);
  return schema;
}

/** A key that its section cannot be without. */
export const required = <S extends z.ZodType>(form: Form<S>, said: Said<S>): S =>
  // A form stands behind many keys.
  declare(form.schema.clone(), { form, ...said });

/** A key that is `value` unless said otherwise. */
export const withDefault = <S extends z.ZodType>(form: Form<S>, value: z.input<S>, said: Said<S>): z.ZodPrefault<S> =>
  declare(form.schema.prefault(value), { form, ...said, default: value });

/** A key that may be missing. `default`, if any, is filled in where the key is used, because it holds on conditions. */
export const optional = <S extends z.ZodType>(
  form: Form<S>,
  said: Said<S> & { readonly default?: z.input<S> },
): z.ZodOptional<S> => declare(form.schema.optional(), { form, ...said });

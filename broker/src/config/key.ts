// Declares a configuration key. `schema.ts` and its sections declare every key once, with the functions here. Everything else about keys
// follows from these declarations: what a file may hold, the options of `start`, the environment variables, the hint for a mistyped key, and
// the reference.
import type { z } from 'zod';

/** What a value looks like: its name in the reference, and the schema that says what may be written and what it is turned into. */
export interface Form<S extends z.ZodType = z.ZodType> {
  readonly name: string;
  readonly schema: S;
}

export const form = <S extends z.ZodType>(name: string, schema: S): Form<S> => ({ name, schema });

/** An option of `start`. */
export interface Flag {
  /** In the syntax of commander; a list takes several words: `<cidr...>`. */
  readonly syntax: `--${string} <${string}>`;
  /** The text for `--help`, to which the default and the environment variable are added. */
  readonly help: string;
}

/** The flag without its value: `--public-url`. */
export const flagName = ({ syntax }: Flag): string => syntax.split(' ')[0] ?? syntax;

/** The property that commander has for the option: `publicUrl`. */
export const flagProperty = (flag: Flag): string =>
  flagName(flag)
    .slice('--'.length)
    .replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** What a declaration says besides form and default. An environment variable can only set a text, a flag only a text or a list of texts. */
interface Said<S extends z.ZodType> {
  readonly description: string;
  /** An example for the reference, where the default does not show what a value looks like. */
  readonly example?: z.input<S>;
  /** It holds from a reload of the configuration on; the others from the next start on. */
  readonly reloads?: true;
  /** The environment variable that sets the key. */
  readonly env?: z.input<S> extends string ? string : never;
  readonly flag?: z.input<S> extends string | string[] ? Flag : never;
}

/** A declared key. */
export interface Key {
  readonly form: Form;
  readonly description: string;
  /** Default and example are as one writes them in the file, not what the form turns them into. */
  readonly default?: unknown;
  readonly example?: unknown;
  readonly reloads?: true;
  readonly env?: string;
  readonly flag?: Flag;
}

const keys = new WeakMap<z.core.$ZodType, Key>();

/** The key that was declared with `schema`; undefined where the schema is a section's. */
export const keyOf = (schema: z.core.$ZodType): Key | undefined => keys.get(schema);

function declare<S extends z.ZodType>(schema: S, key: Key): S {
  keys.set(schema, key);
  return schema;
}

/** Declares a key that must be set where its section is. */
export const required = <S extends z.ZodType>(form: Form<S>, said: Said<S>): S =>
  // Cloned, because many keys share a form.
  declare(form.schema.clone(), { form, ...said });

/** Declares a key with a default. */
export const withDefault = <S extends z.ZodType>(form: Form<S>, value: z.input<S>, said: Said<S>): z.ZodPrefault<S> =>
  declare(form.schema.prefault(value), { form, ...said, default: value });

/**
 * Declares a key that may be left out. A `default` here is for the reference alone: it depends on other keys, and is filled in where the key
 * is used.
 */
export const optional = <S extends z.ZodType>(
  form: Form<S>,
  said: Said<S> & { readonly default?: z.input<S> },
): z.ZodOptional<S> => declare(form.schema.optional(), { form, ...said });

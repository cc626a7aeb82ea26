// The form of a transport of each kind, as the API takes it for a server, an entry of the catalogue and a proposal; each of them says what may stand
// in a field.
import { z } from 'zod';

interface Fields<C extends z.ZodType, A extends z.ZodType, U extends z.ZodType, V extends z.ZodType> {
  command: C;
  args: A;
  url: U;
  /** Of variables and headers, by name. */
  values: V;
}

/** `ofCommands`, `ofUrls`: what is said of a command, or of a server at a URL, besides. */
export const transportForm = <
  C extends z.ZodType,
  A extends z.ZodType,
  U extends z.ZodType,
  V extends z.ZodType,
  S extends z.core.$ZodShape,
  R extends z.core.$ZodShape,
>(
  { command, args, url, values }: Fields<C, A, U, V>,
  ofCommands: S,
  ofUrls: R,
) =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('stdio'), command, args, env: values, ...ofCommands }),
    z.strictObject({ kind: z.literal('http'), url, headers: values, ...ofUrls }),
  ]);

export const UrlSchema = z.string().min(1).max(4096);

/** Variables or headers, by name. */
export const TextMapSchema = z.record(z.string().min(1).max(200), z.string().max(20_000));

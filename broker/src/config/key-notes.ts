// What the reference says of a key, tied to its schema.
import { z } from 'zod';

/** What the reference says of a key besides its form and default as the schema has them. */
export interface KeyNote {
  description: string;
  /** As written in the file; shown as the default or an example. */
  default?: string;
  example?: string;
  env?: string;
  flag?: string;
  /** How to name the form of the value. */
  form: string;
}

export const keyNotes = z.registry<KeyNote>();

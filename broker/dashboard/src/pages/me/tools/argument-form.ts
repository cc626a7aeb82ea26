// Reads from a tool's JSON Schema which fields its form has, and from the form what to call it with. What has no field of its own is written as JSON.

export interface ArgumentField {
  name: string;
  description: string | undefined;
  required: boolean;
  kind: 'text' | 'number' | 'yes-no' | 'choice' | 'json';
  /** Of `choice`. */
  choices: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;
const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export function fieldsOf(schema: Json): ArgumentField[] {
  const { properties, required } = schema;
  if (!isRecord(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  const fields = Object.entries(properties).map(([name, given]): ArgumentField => {
    const property = isRecord(given) ? given : {};
    const choices = Array.isArray(property['enum']) ? property['enum'].filter((each) => typeof each === 'string') : [];
    return {
      ...{ name, choices, required: needed.includes(name) },
      description: textOf(property['description']) ?? textOf(property['title']),
      kind: choices.length > 0 ? 'choice' : kindOf(property['type']),
    };
  });
  return fields.toSorted((one, other) => Number(other.required) - Number(one.required));
}

function kindOf(type: unknown): ArgumentField['kind'] {
  if (type === 'string') return 'text';
  if (type === 'number' || type === 'integer') return 'number';
  return type === 'boolean' ? 'yes-no' : 'json';
}

/** The value that a field says; undefined: it is left out. Throws a SyntaxError where it is no JSON, and a RangeError where it is no number. */
export function valueOf({ kind, required }: ArgumentField, text: string): unknown {
  if (text === '') return kind === 'text' && required ? '' : undefined;
  if (kind === 'text' || kind === 'choice') return text;
  if (kind === 'yes-no') return text === 'yes';
  if (kind === 'json') return JSON.parse(text) as unknown;
  const number = Number(text);
  if (Number.isNaN(number)) throw new RangeError('not a number');
  return number;
}

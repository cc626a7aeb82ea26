/** The member of that name, of a value of which nothing is known yet; undefined where it has none, or is no object. */
export const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

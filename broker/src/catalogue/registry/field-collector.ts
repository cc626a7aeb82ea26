// Collects the fields of a catalogue entry while the inputs of a registry's server are read. A fixed value stays as it is; an input that must be
// given becomes `${field:NAME}` and one field of that name.
import type { CatalogueField } from 'mcpgate-shared/api/catalogue';
import { GateError } from 'mcpgate-shared/error';
import type { Input } from './server-json.ts';

type Variables = Readonly<Record<string, Input>> | undefined;

export class FieldCollector {
  readonly #fields = new Map<string, CatalogueField>();

  all(): CatalogueField[] {
    return [...this.#fields.values()];
  }

  /** The value of a variable, header or argument: a fixed text, a template with variables, or a field of its name. */
  value(name: string, input: Input & { variables?: Variables }): string {
    if (input.value !== undefined) return this.template(input.value, input.variables ?? {}, undefined);
    return this.#field(name, input, input.isSecret ? 'account' : undefined);
  }

  /**
   * Each `{name}` of a variable becomes a field; other braces stay, as the form has it. Throws `usage` where what stands around the fields is
   * read as a reference, also one that is only whole once the pieces are put together.
   */
  template(text: string, variables: NonNullable<Variables>, of: CatalogueField['of'] | undefined): string {
    assertPlain(text);
    const put = (fieldAs: (own: string) => string): string =>
      text.replaceAll(/\{([^{}]+)\}/g, (whole, name: string) => {
        const input = Object.hasOwn(variables, name) ? variables[name] : undefined;
        if (input === undefined) return whole;
        return input.value ?? fieldAs(this.#field(name, input, of));
      });
    assertPlain(put(() => '\n'));
    return put((own) => own);
  }

  #field(from: string, input: Input, of: CatalogueField['of'] | undefined): string {
    const name = fieldName(from);
    const known = this.#fields.get(name);
    if (known === undefined) {
      const help = input.description ?? input.placeholder ?? null;
      this.#fields.set(name, {
        name,
        label: from,
        of: input.isSecret ? 'account' : (of ?? 'server'),
        secret: input.isSecret,
        required: input.isRequired && input.default === undefined,
        default: input.default === undefined || input.isSecret ? null : fixed(input.default),
        choices: input.choices ?? [],
        help: help === null ? null : help.slice(0, 2000),
        url: null,
      });
    }
    return `\${field:${name}}`;
  }
}

function fixed(text: string): string {
  assertPlain(text);
  return text;
}

/** What a registry writes must not be read as a reference to a secret of the vault, an account or a field. */
function assertPlain(text: string): void {
  if (text.includes('${')) throw new GateError('usage', 'a value of it has a placeholder that is not the registry’s');
}

/** `X-API-Key` and `--api-key` become `X_API_KEY` and `API_KEY`. */
function fieldName(from: string): string {
  const name = from
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 64);
  if (name === '') throw new GateError('usage', 'a value of it has no name');
  return name;
}

// Writes the OpenAPI document of `/api/v1`, from the same descriptions that check every request.
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { VERSION } from 'mcpgate-shared/version';
import type { z } from 'zod';
import {
  descriptionOf,
  errorSchema,
  HEADERS,
  headersAsked,
  headersOfDone,
  OF_INPUT,
  otherAnswers,
  PARAMETERS,
  RESPONSES,
  SECURITY_SCHEMES,
  securityOf,
  toJsonSchema,
  type JsonSchema,
} from './openapi-parts.ts';

function parameters(schema: z.ZodType, carriedIn: 'path' | 'query'): JsonSchema[] {
  const { properties, required } = toJsonSchema(schema, 'input');
  if (typeof properties !== 'object' || properties === null) return [];
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties).map(([name, property]: [string, unknown]) => {
    const { description, ...rest } = Object(property) as JsonSchema;
    return {
      ...{ name, in: carriedIn, required: carriedIn === 'path' || needed.has(name) },
      ...(description !== undefined && { description }),
      schema: rest,
    };
  });
}

/** The first part of a path is what its operations are about. */
const tagOf = ({ path }: Endpoint): string => path.split('/')[1] ?? '';

const mediaOf = ({ media, stream }: Endpoint): string =>
  media ?? (stream ? 'application/x-ndjson' : 'application/json');

/** The last line says what broke the answer off. */
function orError({ $defs, ...line }: JsonSchema): JsonSchema {
  return { anyOf: [line, { $ref: '#/components/schemas/Error' }], ...($defs === undefined ? {} : { $defs }) };
}

function operationOf(endpoint: Endpoint): JsonSchema {
  const body = toJsonSchema(endpoint.body, 'input');
  const hasBody = Object.keys(body).some((key) => !['not', 'description'].includes(key));
  const isText = endpoint.media === undefined || endpoint.media === 'text/event-stream';
  // Bytes are described by their media type alone.
  const answer = isText ? toJsonSchema(endpoint.answer, 'output') : {};
  const schema = endpoint.stream && endpoint.media === undefined ? orError(answer) : answer;
  return {
    operationId: endpoint.name,
    tags: [tagOf(endpoint)],
    summary: endpoint.summary,
    description: descriptionOf(endpoint),
    security: securityOf(endpoint),
    parameters: [
      ...parameters(endpoint.params, 'path'),
      ...parameters(endpoint.query, 'query'),
      ...headersAsked(endpoint),
    ],
    ...(hasBody && {
      requestBody: {
        required: !endpoint.body.safeParse(undefined).success,
        content: { 'application/json': { schema: body } },
      },
    }),
    responses: {
      200: { description: 'Done', ...headersOfDone(endpoint), content: { [mediaOf(endpoint)]: { schema } } },
      ...otherAnswers(endpoint, hasBody),
    },
  };
}

export function openApiDocument(endpoints: readonly Endpoint[]): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const methods = (paths[endpoint.path.replaceAll(/:(\w+)/g, '{$1}')] ??= {});
    methods[endpoint.method.toLowerCase()] = operationOf(endpoint);
  }
  const tags = [...new Set(endpoints.map(tagOf))].toSorted();
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'mcpgate broker',
      version: VERSION,
      description:
        'Administration and self-service. Over TCP with an API token or from a browser that is signed in; on the socket of the data folder without either.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    tags: tags.map((name) => ({ name, description: `Everything under /${name}` })),
    components: {
      securitySchemes: SECURITY_SCHEMES,
      parameters: PARAMETERS,
      headers: HEADERS,
      responses: RESPONSES,
    },
    paths,
  };
  return withSharedSchemas(document, errorSchema());
}

/**
 * zod repeats named schemas in the `$defs` of each schema that uses them; this moves them to `components`, once. A schema with defaults asks for less than it
 * answers: what requests say is another schema then, called `…Input`. `besides`: a schema whose own are to be there, too.
 */
function withSharedSchemas(document: JsonSchema & { components: JsonSchema }, besides: JsonSchema): JsonSchema {
  const schemas = new Map<string, string>();
  const collected = (value: unknown): string =>
    JSON.stringify(value, (key, member: unknown) => {
      if (key === 'id' && typeof member === 'string') return undefined;
      if (key !== '$defs' || typeof member !== 'object' || member === null) return member;
      for (const [name, schema] of Object.entries(member)) {
        const found = collected(schema);
        if ((schemas.get(name) ?? found) !== found) throw new Error(`two schemas are called ${name}`);
        schemas.set(name, found);
      }
      return undefined;
    });
  const text = collected(document);
  collected(besides);
  const other = othersAsInput(schemas);
  const named = (name: string): string =>
    name.endsWith(OF_INPUT) ? name.slice(0, -OF_INPUT.length) + (other.has(name) ? 'Input' : '') : name;
  const moved = (json: string): unknown =>
    JSON.parse(json.replaceAll(REFERENCE, (_whole, name: string) => `"#/components/schemas/${named(name)}"`));
  const shared = Object.fromEntries([...schemas].map(([name, schema]) => [named(name), moved(schema)]));
  return Object.assign({}, moved(text), { components: { ...document.components, schemas: shared } });
}

const REFERENCE = /"#\/\$defs\/([^"]+)"/g;

/** The names of those that are not the same in requests as in answers, or hold such. */
function othersAsInput(schemas: ReadonlyMap<string, string>): ReadonlySet<string> {
  const found = new Set<string>();
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [name, schema] of schemas) {
      if (!name.endsWith(OF_INPUT)) continue;
      const answered = schemas.get(name.slice(0, -OF_INPUT.length));
      const holdsOther = [...schema.matchAll(REFERENCE)].some(([, each = '']) => found.has(each));
      if (answered !== undefined && (holdsOther || answered !== schema.replaceAll(`${OF_INPUT}"`, '"')))
        found.add(name);
    }
  }
  return found;
}

// Writes the OpenAPI document of `/api/v1`, from the same schemas that check every request.
import type { Endpoint } from 'mcpgate-shared/api/endpoint';
import { ErrorSchema } from 'mcpgate-shared/api/fields';
import { CSRF_HEADER } from 'mcpgate-shared/api/session';
import { VERSION } from 'mcpgate-shared/version';
import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    target: 'draft-2020-12',
  });
  return rest;
}

function parameters(schema: z.ZodType, carriedIn: 'path' | 'query'): JsonSchema[] {
  const { properties, required } = toJsonSchema(schema, 'input');
  if (typeof properties !== 'object' || properties === null) return [];
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(properties).map(([name, property]: [string, unknown]) => ({
    name,
    in: carriedIn,
    required: carriedIn === 'path' || needed.has(name),
    schema: property,
  }));
}

const IF_MATCH: JsonSchema = {
  name: 'If-Match',
  in: 'header',
  required: false,
  schema: {
    type: 'string',
    description: 'The ETag of the answer that the change is about; 412 where it is not so any more',
  },
};

const NEXT_PAGE: JsonSchema = {
  Link: {
    description: 'Where the list goes on, with rel="next" (RFC 8288); left out on its last page',
    schema: { type: 'string' },
  },
  'x-next-cursor': {
    description: 'The same as a value of `cursor`. A page may hold fewer than `limit` although the list goes on',
    schema: { type: 'string' },
  },
};

const SECURITY = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An administration token, or a token of a person for the API',
  },
  browser: {
    type: 'apiKey',
    in: 'cookie',
    name: '__Host-mcpgate',
    description:
      'The cookie of a sign-in at /login, from the pages of the broker alone; over plain http it is `mcpgate`',
  },
  csrf: {
    type: 'apiKey',
    in: 'header',
    name: CSRF_HEADER,
    description: 'The csrf_token of GET /session, beside the cookie',
  },
} as const;

export function openApiDocument(endpoints: readonly Endpoint[]): JsonSchema {
  const error = {
    description: 'Error',
    content: { 'application/json': { schema: toJsonSchema(ErrorSchema, 'output') } },
  };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/:(\w+)/g, '{$1}');
    const body = toJsonSchema(endpoint.body, 'input');
    const type = endpoint.media ?? (endpoint.stream ? 'application/x-ndjson' : 'application/json');
    const isText = endpoint.media === undefined || endpoint.media === 'text/event-stream';
    const schema = isText ? toJsonSchema(endpoint.answer, 'output') : { type: 'string', format: 'binary' };
    const methods = (paths[path] ??= {});
    methods[endpoint.method.toLowerCase()] = {
      operationId: endpoint.name,
      summary: endpoint.summary,
      security: [{ bearer: [] }, endpoint.method === 'GET' ? { browser: [] } : { browser: [], csrf: [] }],
      parameters: [
        ...parameters(endpoint.params, 'path'),
        ...parameters(endpoint.query, 'query'),
        ...((endpoint.etag !== undefined || endpoint.edits !== undefined) && endpoint.method !== 'GET'
          ? [IF_MATCH]
          : []),
      ],
      ...('properties' in body
        ? { requestBody: { required: true, content: { 'application/json': { schema: body } } } }
        : {}),
      responses: {
        200: {
          description: 'Done',
          ...(endpoint.etag === undefined && endpoint.tagged === undefined
            ? {}
            : { headers: { ETag: { schema: { type: 'string' } } } }),
          ...(endpoint.pages ? { headers: NEXT_PAGE } : {}),
          content: { [type]: { schema } },
        },
        default: error,
      },
    };
  }
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'mcpgate broker',
      version: VERSION,
      description:
        'Administration and self-service. Over TCP with an API token; on the socket of the data folder without one.',
    },
    servers: [{ url: '/api/v1' }],
    components: { securitySchemes: SECURITY },
    paths,
  };
  return withSharedSchemas(document);
}

/** zod repeats named schemas in the `$defs` of each schema that uses them; this moves them to `components`, once. */
function withSharedSchemas(document: JsonSchema & { components: JsonSchema }): JsonSchema {
  const schemas: JsonSchema = {};
  const text = JSON.stringify(document, (key, value: unknown) => {
    if (key !== '$defs' || typeof value !== 'object' || value === null) return value;
    Object.assign(schemas, value);
    return undefined;
  });
  const moved = (json: string): unknown => JSON.parse(json.replaceAll('"#/$defs/', '"#/components/schemas/'));
  const shared = moved(
    JSON.stringify(schemas, (key, value: unknown) =>
      key === '$defs' || (key === 'id' && typeof value === 'string') ? undefined : value,
    ),
  );
  return Object.assign({}, moved(text), { components: { ...document.components, schemas: shared } });
}

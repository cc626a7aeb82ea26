// What an MCP registry answers (API v0.1): `server.json` as of 2025-12-11, read as far as a server can be added from it. Whatever else stands
// there is passed over, and a field that is not as it should be makes its server one that cannot be added.
import { z } from 'zod';

const text = z.string().max(4096);

const InputShape = {
  description: text.optional(),
  isRequired: z.boolean().default(false),
  isSecret: z.boolean().default(false),
  value: text.optional(),
  default: text.optional(),
  placeholder: text.optional(),
  choices: z.array(text).max(100).optional(),
};
const InputSchema = z.object(InputShape);
const variables = z.record(z.string().max(200), InputSchema).optional();

const KeyValueSchema = z.object({ ...InputShape, name: z.string().min(1).max(200), variables });
const ArgumentSchema = z.discriminatedUnion('type', [
  z.object({
    ...InputShape,
    type: z.literal('positional'),
    valueHint: z.string().max(200).optional(),
    isRepeated: z.boolean().default(false),
    variables,
  }),
  z.object({
    ...InputShape,
    type: z.literal('named'),
    name: z.string().min(1).max(200),
    isRepeated: z.boolean().default(false),
    variables,
  }),
]);

export const PackageSchema = z.object({
  registryType: z.string().max(50),
  registryBaseUrl: text.optional(),
  identifier: z.string().min(1).max(500),
  version: z.string().max(255).optional(),
  fileSha256: z.string().optional(),
  transport: z.object({ type: z.string() }),
  runtimeArguments: z.array(ArgumentSchema).max(50).default([]),
  packageArguments: z.array(ArgumentSchema).max(50).default([]),
  environmentVariables: z.array(KeyValueSchema).max(100).default([]),
});

export const RemoteSchema = z.object({
  type: z.string(),
  url: z.string().min(1).max(4096),
  headers: z.array(KeyValueSchema).max(50).default([]),
  variables,
});

export const ServerDetailSchema = z.object({
  name: z
    .string()
    .regex(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/)
    .max(200),
  description: z.string().max(1000),
  title: z.string().max(200).optional(),
  version: z.string().min(1).max(255),
  websiteUrl: text.optional(),
  repository: z.object({ url: text.optional() }).optional(),
  packages: z.array(z.unknown()).max(50).default([]),
  remotes: z.array(z.unknown()).max(50).default([]),
});

const OFFICIAL = 'io.modelcontextprotocol.registry/official';

export const ServerResponseSchema = z.object({
  server: z.unknown(),
  _meta: z
    .object({
      [OFFICIAL]: z.object({ status: z.string().optional(), statusMessage: z.string().max(500).optional() }).optional(),
    })
    .optional(),
});

export const ServerListSchema = z.object({
  servers: z.array(z.unknown()),
  metadata: z.object({ nextCursor: z.string().nullable().optional() }).optional(),
});

export type Input = z.output<typeof InputSchema>;
export type Argument = z.output<typeof ArgumentSchema>;
export type Package = z.output<typeof PackageSchema>;
export type Remote = z.output<typeof RemoteSchema>;

/** Whether the registry says that the server is to be used: `active`, `deprecated`, `deleted`; `active` where it says nothing. */
export function statusOf(response: z.output<typeof ServerResponseSchema>): {
  status: string;
  message: string | undefined;
} {
  const { status = 'active', statusMessage } = response._meta?.[OFFICIAL] ?? {};
  return { status, message: statusMessage };
}

// The JSON Schema of configurations, made from what reads them.
import { ConfigurationSchema } from 'mcpgate-shared/api/config/configuration';
import { z } from 'zod';

export function configurationSchemaText(): string {
  const schema = z.toJSONSchema(ConfigurationSchema, { io: 'input', target: 'draft-7' });
  const head = { $id: 'https://mcpgate.dev/schemas/configuration.schema.json', title: 'mcpgate configuration' };
  return `${JSON.stringify({ ...head, ...schema }, null, 2)}\n`;
}

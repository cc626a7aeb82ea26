// The official v1 SDK as the judge of what a server says by itself.
import { LoggingMessageNotificationSchema, ProgressNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

/** Throws where a client would refuse it. */
export function sdkTakes(method: 'notifications/message' | 'notifications/progress', params: unknown): void {
  const schema = method === 'notifications/message' ? LoggingMessageNotificationSchema : ProgressNotificationSchema;
  schema.parse({ method, params });
}

// What the record of a server says of its tools, in place of what the server says of them itself.
import { z } from 'zod';

const ToolNamesSchema = z.array(z.string().min(1).max(200)).max(1_000);

export const ToolClassesSchema = z.strictObject({ read: ToolNamesSchema, write: ToolNamesSchema }).meta({
  description:
    'What rules take tools for, by the server’s own names, whatever it says of them itself: these only read, those may write',
});

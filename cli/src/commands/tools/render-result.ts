// Renders a tool's result for a terminal: texts as they are, other content by its kind and size.
import { member } from 'mcpgate-shared/member';

const stringOf = (value: unknown, key: string): string | undefined => {
  const found = member(value, key);
  return typeof found === 'string' ? found : undefined;
};

export const isErrorResult = (result: unknown): boolean => member(result, 'isError') === true;

/** One text for each content block, or the structured content where there are no blocks. */
export function renderResult(result: unknown): string[] {
  const content = member(result, 'content');
  const blocks = Array.isArray(content) ? content.map(renderBlock) : [];
  if (blocks.length > 0) return blocks;
  const structured = member(result, 'structuredContent');
  return structured === undefined ? [] : [JSON.stringify(structured, null, 2)];
}

function renderBlock(block: unknown): string {
  switch (member(block, 'type')) {
    case 'text':
      return stringOf(block, 'text') ?? '';
    case 'image':
    case 'audio': {
      const bytes = Math.floor(((stringOf(block, 'data') ?? '').length * 3) / 4);
      return `[${stringOf(block, 'type')} ${stringOf(block, 'mimeType') ?? ''}, ${bytes} bytes; --json has it]`;
    }
    case 'resource_link':
      return `[${stringOf(block, 'name') ?? 'resource'}: ${stringOf(block, 'uri') ?? ''}]`;
    case 'resource': {
      const resource = member(block, 'resource');
      return stringOf(resource, 'text') ?? `[resource ${stringOf(resource, 'uri') ?? ''}; --json has it]`;
    }
    default:
      return JSON.stringify(block);
  }
}

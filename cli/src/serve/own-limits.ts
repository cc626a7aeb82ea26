// Reads this laptop's own limits for channels from `MCPGATE_MAX_MESSAGE` and `MCPGATE_BACKLOG`, such as `16MiB`. The broker's limits hold besides.
import { parseByteSize } from 'mcpgate-shared/byte-size';
import type { ChannelLimits } from 'mcpgate-shared/link/channel';

const MIN_BYTES = 64 * 1024;

/** `complain` is called for a value that is no size; then only the broker's limit holds. */
export function ownLimits(
  env: Readonly<Record<string, string | undefined>>,
  complain: (line: string) => void,
): Partial<ChannelLimits> {
  const read = (name: string): number | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    const bytes = parseByteSize(text);
    if (bytes !== undefined && bytes >= MIN_BYTES) return bytes;
    complain(`${name}: "${text}" is not a size of at least 64KiB; write 16MiB. The broker's limit holds.`);
    return undefined;
  };
  const [maxMessageBytes, backlogBytes] = [read('MCPGATE_MAX_MESSAGE'), read('MCPGATE_BACKLOG')];
  return {
    ...(maxMessageBytes === undefined ? {} : { maxMessageBytes }),
    ...(backlogBytes === undefined ? {} : { backlogBytes }),
  };
}

// What a way over HTTP to a server is made with.
import type { Clock } from 'mcpgate-shared/clock';
import type { Bearer } from '../../secrets/bearer.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';

export interface HttpWireOptions {
  serverName: string;
  workspaceId: string;
  url: URL;
  /** Secrets already put in. */
  headers: Readonly<Record<string, string>>;
  /** What each request carries besides, where the server is used with an account by OAuth. */
  bearer?: Bearer | undefined;
  clock: Clock;
  mask: (text: string) => string;
  /** Of large messages; small ones are masked by whoever takes them. */
  messageMask?: MessageMask | undefined;
  /** Longest message, either way. */
  maxMessageBytes: number;
}

// What a wire over HTTP is made with, of either transport.
import type { Clock } from 'mcpgate-shared/clock';
import type { CarriedHeaders } from '../../secrets/carried-headers.ts';
import type { MessageMask } from '../../secrets/secret-mask.ts';

export interface HttpWireOptions {
  serverName: string;
  /** What is to be done where the server refuses the credentials. */
  whenRefused: string;
  url: URL;
  /** With secrets filled in. */
  headers: Readonly<Record<string, string>>;
  /** What each request carries besides, and what a refusal means where the server is used with an account. */
  carries?: CarriedHeaders | undefined;
  clock: Clock;
  mask: (text: string) => string;
  /** Masks large messages as they come; small ones are masked later, by `maskedEvents`. */
  messageMask?: MessageMask | undefined;
  /** Longest message, either way. */
  maxMessageBytes: number;
}

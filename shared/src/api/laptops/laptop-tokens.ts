// What a laptop and the broker say to each other about service tokens in the files of AI clients, as requests of a session over the tunnel (mcp/own-methods.ts):
// fingerprints and counts. No field can hold a value.
import { z } from 'zod';

const FingerprintSchema = z.string().regex(/^[\w-]{22}$/, 'no fingerprint');

/** More are not compared in one report. */
export const MAX_FINGERPRINTS = 200;

export const TokenKeySchema = z.object({
  /** Names the key in the report. */
  key_id: z.string(),
  /** 32 bytes, base64url; for this login, for some minutes. */
  key: z.string(),
  /** The servers that the caller may use, with the fingerprints of what they start or connect to. */
  servers: z.array(z.object({ name: z.string(), targets: z.array(z.string()) })),
});
export type TokenKey = z.output<typeof TokenKeySchema>;

export const TokenReportSchema = z.strictObject({
  key_id: z.string().max(100),
  fingerprints: z.array(FingerprintSchema).max(MAX_FINGERPRINTS),
  /** How many service tokens stand in clear in the files, those without a fingerprint too. */
  found: z.int().min(0).max(100_000),
});
export type TokenReport = z.output<typeof TokenReportSchema>;

export const TokenAnswerSchema = z.object({
  /** Which of them are secrets of the vault. */
  secrets: z.array(
    z.object({
      fingerprint: z.string(),
      /** Null where no server that the caller may use refers to it. */
      name: z.string().nullable(),
      version: z.int().nullable(),
      /** Whether it is in use; an earlier version is not. */
      current: z.boolean(),
      /** Of those that the caller may use. */
      servers: z.array(z.string()),
    }),
  ),
});
export type TokenAnswer = z.output<typeof TokenAnswerSchema>;

// Reads a decision that came back from outside, after its signature was found good: which request, what, and who decides, by the id or address that
// the other side has for them. A name that is shown there names nobody.
import { z } from 'zod';
import type { HookFormat } from '../../domain/hook.ts';
import { severalReadings, tooManyLevels } from '../../mcp/several-readings.ts';

export interface ReadDecision {
  request: string;
  verdict: 'approve' | 'deny';
  forMs: number | undefined;
  note: string | null;
  /** The id of who decides at the other side. */
  by: string;
  email: string | null;
  /** Where Slack wants to be answered. */
  answerTo: string | null;
}

const idSchema = z.string().min(1).max(100);
const emailSchema = z.email().max(320).nullish();

const slackPayload = z.object({
  type: z.literal('block_actions'),
  user: z.object({
    id: idSchema,
    email: emailSchema,
    profile: z.object({ email: emailSchema }).nullish(),
  }),
  actions: z
    .array(z.object({ action_id: z.enum(['mcpgate_approve', 'mcpgate_hour', 'mcpgate_deny']), value: idSchema }))
    .length(1),
  response_url: z.string().max(1_000).nullish(),
});

const standardPayload = z.object({
  type: z.literal('approval.decision'),
  data: z.object({
    request: idSchema,
    decision: z.enum(['approve', 'deny']),
    by: idSchema,
    email: emailSchema,
    for_s: z.number().int().positive().nullish(),
    note: z.string().max(500).nullish(),
  }),
});

const HOUR_MS = 3_600_000;

/** Undefined: it is none. */
export function readDecision(format: HookFormat, body: string): ReadDecision | undefined {
  const text = format === 'slack' ? new URLSearchParams(body).get('payload') : body;
  const document = parsed(text ?? '');
  if (format === 'slack') {
    const { data } = slackPayload.safeParse(document);
    const [action] = data?.actions ?? [];
    if (data === undefined || action === undefined) return undefined;
    const { user } = data;
    return {
      request: action.value,
      verdict: action.action_id === 'mcpgate_deny' ? 'deny' : 'approve',
      forMs: action.action_id === 'mcpgate_hour' ? HOUR_MS : undefined,
      ...{ note: null, by: user.id, email: user.email ?? user.profile?.email ?? null },
      answerTo: data.response_url ?? null,
    };
  }
  const { data } = standardPayload.safeParse(document);
  if (data === undefined) return undefined;
  const { request, decision, by, email, for_s: forS, note } = data.data;
  const forMs = forS === undefined || forS === null ? undefined : forS * 1000;
  return { request, verdict: decision, forMs, note: note ?? null, by, email: email ?? null, answerTo: null };
}

function parsed(text: string): unknown {
  try {
    if (tooManyLevels(text) !== undefined) return undefined;
    const document: unknown = JSON.parse(text);
    return severalReadings(text) === undefined ? document : undefined;
  } catch {
    // The caller says that it is none.
    return undefined;
  }
}

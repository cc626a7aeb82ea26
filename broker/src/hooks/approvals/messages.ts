// What receivers are told of a request: as Slack's incoming webhooks take it, or as a document. Texts of others (names, arguments, reasons) are
// shown as text, whatever they hold: in Slack nothing of them is a link, a mention or a format.
import type { ShownApproval } from '../../approvals/approvals.ts';

export type Told = 'asked' | 'decided';

/** Beyond that Slack takes no text in one block. */
const MOST_TEXT = 2_500;

export function standardMessage(request: ShownApproval, told: Told, page: string): object {
  return {
    type: `approval.${told}`,
    timestamp: new Date(request.decidedAt ?? request.createdAt).toISOString(),
    data: {
      request: request.id,
      kind: request.kind,
      state: request.state,
      who: request.who,
      tool: request.what,
      server: request.server,
      rule: request.rule,
      device: request.device,
      client: request.clientName,
      address: request.address,
      reason: request.reason,
      approvers: request.approvers,
      arguments: request.argsText,
      created_at: new Date(request.createdAt).toISOString(),
      expires_at: new Date(request.expiresAt).toISOString(),
      decided_by: request.decidedBy,
      for: request.scope,
      note: request.note,
      url: page,
    },
  };
}

/** `takesDecisions`: buttons are shown where the request can be decided. */
export function slackMessage(request: ShownApproval, told: Told, page: string, takesDecisions: boolean): object {
  const { id, who, what, kind, state, decidedBy, note } = request;
  const asks = kind === 'access' ? 'asks for access to' : 'wants to call';
  const how = state === 'denied' ? 'denied' : 'approved';
  const text =
    told === 'asked'
      ? `${who} ${asks} ${what} (${id})`
      : `${decidedBy ?? 'somebody'} ${how} ${id}: ${who}, ${what}${note === null ? '' : `, "${note}"`}`;
  const facts = [
    ...(request.device === null ? [] : [`device ${request.device}`]),
    ...(request.clientName === null ? [] : [`client ${request.clientName}`]),
    ...(request.address === null ? [] : [`from ${request.address}`]),
    ...(request.rule === null ? [] : [`rule ${request.rule}`]),
    ...(request.reason === null ? [] : [`reason: ${request.reason}`]),
  ].join(' · ');
  const plain = (of: string) => ({ type: 'plain_text', text: cut(of), emoji: false });
  const button = (action: string, label: string, style?: string) => ({
    ...{ type: 'button', action_id: `mcpgate_${action}`, value: id, text: plain(label) },
    ...(style !== undefined && { style }),
  });
  const isOpen = told === 'asked' && state === 'open';
  return {
    text: escaped(text),
    blocks: [
      { type: 'section', text: plain(text) },
      ...(facts === '' ? [] : [{ type: 'context', elements: [plain(facts)] }]),
      ...(isOpen && request.argsText !== null ? [{ type: 'section', text: plain(request.argsText) }] : []),
      ...(isOpen && takesDecisions
        ? [
            {
              type: 'actions',
              elements: [
                button('approve', 'Approve once', 'primary'),
                button('hour', 'For an hour'),
                button('deny', 'Deny', 'danger'),
              ],
            },
          ]
        : []),
      ...(isOpen ? [{ type: 'section', text: { type: 'mrkdwn', text: `<${page}|Look at it in mcpgate>` } }] : []),
    ],
  };
}

const cut = (text: string): string => (text.length <= MOST_TEXT ? text : `${text.slice(0, MOST_TEXT)}…`);

/** As Slack wants `text`: three characters have a meaning there. */
function escaped(text: string): string {
  return cut(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

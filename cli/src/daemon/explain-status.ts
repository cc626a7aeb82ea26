/** What an HTTP answer instead of the WebSocket upgrade means, as one line that says what to do. */
export function explainStatus(broker: string, status: number): string {
  if (status === 426) return `${broker} speaks another version of the tunnel; upgrade mcpgate (npm i -g mcpgate)`;
  if (status === 503) return `${broker} is restarting or cannot serve right now`;
  if (status === 404 || (status >= 200 && status < 400)) {
    return `${broker} does not answer like a mcpgate broker (HTTP ${status}); a proxy or a captive portal may stand in between`;
  }
  return `${broker} answered HTTP ${status}`;
}

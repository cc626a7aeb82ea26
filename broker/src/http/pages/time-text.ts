// Times as the pages show them: how long ago, with the exact time as a tooltip. Pages have no script, so exact times are in UTC.
import { html } from 'ghtml';

function ago(elapsedMs: number): string {
  const minutes = Math.floor(elapsedMs / 60_000);
  if (minutes < 1) return 'just now';
  if (minutes < 60) return minutes === 1 ? 'a minute ago' : `${minutes} minutes ago`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hours === 1 ? 'an hour ago' : `${hours} hours ago`;
  return `${Math.floor(hours / 24)} days ago`;
}

/** `2026-11-21 08:05 UTC` */
export const utcText = (at: number): string => `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export const renderAgo = (at: number, now: number): string =>
  html`<time datetime="${new Date(at).toISOString()}" title="${utcText(at)}">${ago(now - at)}</time>`;

/** `a minute`, `12 minutes`: how long to wait. */
export function waitText(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes <= 1 ? 'a minute' : `${minutes} minutes`;
}

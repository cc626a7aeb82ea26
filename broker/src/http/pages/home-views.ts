// The start page of a person who is signed in: their devices and the applications that they have approved.
import { html } from 'ghtml';
import { DEFAULT_WORKSPACE } from '../../domain/workspace.ts';
import type { ConnectedClient } from '../../identity/browser/web-access.ts';
import { platformText } from './device-views.ts';
import { csrfField, type PageContent } from './layout.ts';
import { getStartedSteps } from './plain-views.ts';
import { renderAgo } from './time-text.ts';

/** The button that disconnects a device or an application. */
const renderDisconnect = (path: string, { id, name }: { id: string; name: string }, csrf: string): string =>
  html`<form method="post" action="${path}">
    !${csrfField(csrf)}<input type="hidden" name="id" value="${id}" />
    <button class="text" type="submit" aria-label="Disconnect ${name}">Disconnect</button>
  </form>`;

const renderClient = (client: ConnectedClient, { csrf, now }: { csrf: string; now: number }): string =>
  html`<li>
    <span
      ><strong>${client.name}</strong
      ><small
        >${client.server === undefined ? 'all servers' : `only the server ${client.server}`} &middot; scope
        ${client.scopes.join(' ')} &middot; ${client.address}</small
      ><small>connected !${renderAgo(client.createdAt, now)}</small></span
    >
    <span class="when"
      >used !${renderAgo(client.lastSeenAt, now)} !${renderDisconnect('/applications', client, csrf)}</span
    >
  </li>`;

export const homePage = (view: {
  csrf: string;
  publicUrl: string;
  user: { name: string; role: string; workspaceId: string };
  devices: readonly { id: string; name: string; platform: string; address: string; lastSeenAt: number }[];
  clients: readonly ConnectedClient[];
  now: number;
}): PageContent => ({
  title: 'Home',
  wide: true,
  content: html`<div class="card">
      <h1>
        Hello, ${view.user.name} <span class="badge">${view.user.role}</span>
        !${view.user.workspaceId === DEFAULT_WORKSPACE ? '' : html`<span class="badge">${view.user.workspaceId}</span>`}
      </h1>
      <p class="lead">A device showed you a code? Enter it here.</p>
      <a class="button" href="/device">Connect a device</a>
      <a class="button quiet" href="/accounts">Your accounts</a>
    </div>
    <section class="card" aria-labelledby="devices">
      <h2 id="devices">Your devices</h2>
      !${
        view.devices.length === 0
          ? html`<p class="lead">None is connected yet.</p>`
          : html`<ul class="devices">
              !${view.devices.map(
                (device) =>
                  html`<li>
                    <span
                      ><strong>${device.name}</strong
                      ><small>${platformText(device.platform)} &middot; ${device.address}</small></span
                    >
                    <span class="when"
                      >seen !${renderAgo(device.lastSeenAt, view.now)}
                      !${renderDisconnect('/devices', device, view.csrf)}</span
                    >
                  </li>`,
              )}
            </ul>`
      }
    </section>
    <section class="card" aria-labelledby="applications">
      <h2 id="applications">Connected applications</h2>
      !${
        view.clients.length === 0
          ? html`<p class="lead">None. An application that connects by itself asks you here first.</p>`
          : html`<ul class="devices">
              !${view.clients.map((client) => renderClient(client, view))}
            </ul>`
      }
    </section>
    <section class="card" aria-labelledby="next">
      <h2 id="next">${view.devices.length === 0 ? 'Get started' : 'Another laptop'}</h2>
      !${getStartedSteps(view.publicUrl)}
    </section>`,
});

// What a company has around its broker, for the settings: an identity provider, a receiver of the log, a chat that is away.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../world/network/free-port.ts';
import { IDP_CLIENT, startCompanyIdp, type CompanyIdp } from '../world/people/company-idp.ts';

export interface Company {
  readonly idp: CompanyIdp;
  /** What the broker is started with. */
  readonly brokerArgs: string[];
  readonly listen: string;
  /** The hooks, as `hook add` takes them. */
  readonly hooks: readonly (readonly string[])[];
  /** What the receiver of the log has got. */
  readonly received: string[];
  close(): Promise<void>;
}

export async function startCompany(): Promise<Company> {
  const listen = `127.0.0.1:${await freePort()}`;
  const idp = await startCompanyIdp({ brokerUrl: `http://${listen}` });
  idp.people.set('ada', {
    preferred_username: 'ada.lovelace@corp.example',
    email: 'ada.lovelace@corp.example',
    email_verified: true,
    groups: ['engineering', 'Platform Admins'],
  });
  const received: string[] = [];
  const receiver = createServer((request, response) => {
    void text(request).then((body) => {
      received.push(body);
      response.end('thanks');
    });
  });
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  const address = receiver.address();
  if (address === null || typeof address === 'string') throw new Error('the receiver has no port');
  const folder = mkdtempSync(join(tmpdir(), 'mg-company-'));
  writeFileSync(join(folder, 'client-secret'), `${IDP_CLIENT.secret}\n`, { mode: 0o600 });
  const config = join(folder, 'mcpgate.yaml');
  const lines = [
    'oidc:',
    `  issuer: ${idp.issuer}`,
    `  client_id: ${IDP_CLIENT.id}`,
    '  client_secret_file: client-secret',
    '  label: Corp ID',
    '  groups_claim: groups',
    '  role_mapping: { Platform Admins: admin, Security: auditor }',
    '  second_factor: [amr:mfa]',
    '  end_session: true',
    'audit:',
    `  checkpoints: ['file:${join(folder, 'checkpoints.jsonl')}']`,
    'secrets:',
    '  max_age: 60d',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  return {
    idp,
    brokerArgs: ['--config', config],
    listen,
    hooks: [
      ['siem', '--kind', 'log', '--url', `http://127.0.0.1:${address.port}/log`],
      // Nothing listens there.
      ['chat', '--format', 'slack', '--url', 'http://127.0.0.1:9/services/team'],
    ],
    received,
    async close() {
      await idp.close();
      receiver.closeAllConnections();
      receiver.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

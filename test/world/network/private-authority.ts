// A company's own certificate authority, made with the machine's `openssl`; it signs servers' certificates.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../command.ts';

export interface PrivateAuthority {
  /** The authority's own certificate, PEM. */
  readonly caFile: string;
  /** A folder with that certificate alone: a system's trust store. */
  readonly trustFolder: string;
  /** Signs a certificate for these names, such as `DNS:broker.corp.test` or `IP:::1`. */
  issue(...names: string[]): Promise<{ certFile: string; keyFile: string }>;
  remove(): void;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];

export async function createPrivateAuthority(name = 'Corp Test Authority'): Promise<PrivateAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'mg-ca-'));
  const openssl = async (args: readonly string[]): Promise<void> => {
    const command = ['openssl', 'req', '-x509', ...NEW_KEY, ...args] as const;
    const { code, stderr } = await runCommand(command, { env: { PATH: '/usr/bin:/bin' }, cwd: folder });
    if (code !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  };
  const caFile = join(folder, 'trust/ca.pem');
  const caKey = join(folder, 'ca.key');
  mkdirSync(join(folder, 'trust'));
  await openssl([
    '-subj',
    `/O=Corp Test/CN=${name}`,
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-keyout',
    caKey,
    '-out',
    caFile,
  ]);
  let issued = 0;
  return {
    caFile,
    trustFolder: join(folder, 'trust'),
    async issue(...names) {
      issued += 1;
      const [certFile, keyFile] = [join(folder, `${issued}.pem`), join(folder, `${issued}.key`)];
      const extension = ['-addext', `subjectAltName=${names.join(',')}`, '-addext', 'basicConstraints=CA:FALSE'];
      await openssl([
        '-CA',
        caFile,
        '-CAkey',
        caKey,
        '-subj',
        '/CN=server',
        ...extension,
        '-keyout',
        keyFile,
        '-out',
        certFile,
      ]);
      return { certFile, keyFile };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

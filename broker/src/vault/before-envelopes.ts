// Re-seals values of mcpgate versions that sealed directly under the master key: each is sealed by a data key, so that it survives a rotation.
import type { Store } from '../store/store.ts';
import type { SealedRow } from '../store/keyring.ts';
import { unsealByAny } from './seal.ts';

/** How many values were sealed anew. What none of the keys opens stays as it is: whoever reads it is told so. */
export async function sealAnew(
  store: Pick<Store, 'sealedBefore'>,
  masterKeys: readonly Uint8Array[],
  seal: (context: readonly string[], plain: Uint8Array) => Uint8Array,
): Promise<number> {
  let count = 0;
  for (const { row, sealed } of await store.sealedBefore.list()) {
    const context = contextOf(row);
    const plain = unsealByAny(masterKeys, context, sealed);
    if (plain === undefined) continue;
    await store.sealedBefore.replace(row, sealed, seal(context, plain));
    count += 1;
  }
  return count;
}

function contextOf(row: SealedRow): string[] {
  switch (row.table) {
    case 'secret_versions':
      return ['secret', row.workspaceId, row.name, String(row.version)];
    case 'signing_keys':
      return ['purpose', `key:${row.kid}`];
    case 'left_channels':
      return ['purpose', `answers:${row.broker}:${row.id}`];
    case 'accounts':
      return ['purpose', `account ${row.workspaceId} ${row.serverId} ${row.owner}`];
    case 'oauth_objects':
      return ['purpose', `${row.kind === 'IdpSession' ? 'idp-session' : 'refresh-answer'}:${row.idHash}`];
  }
}

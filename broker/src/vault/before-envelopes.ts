// Re-seals values of mcpgate versions that sealed directly under the master key: each is sealed by a data key, so that it survives a rotation.
import type { Store } from '../store/store.ts';
import type { SealedPlace } from '../store/keyring.ts';
import { unsealByAny } from './seal.ts';

/** How many values were sealed anew. What none of the keys opens stays as it is: whoever reads it is told so. */
export async function sealAnew(
  store: Pick<Store, 'sealedBefore'>,
  masterKeys: readonly Uint8Array[],
  seal: (context: readonly string[], plain: Uint8Array) => Uint8Array,
): Promise<number> {
  let count = 0;
  for (const { place, sealed } of await store.sealedBefore.list()) {
    const context = contextOf(place);
    const plain = unsealByAny(masterKeys, context, sealed);
    if (plain === undefined) continue;
    await store.sealedBefore.replace(place, sealed, seal(context, plain));
    count += 1;
  }
  return count;
}

function contextOf(place: SealedPlace): string[] {
  switch (place.table) {
    case 'secret_versions':
      return ['secret', place.workspaceId, place.name, String(place.version)];
    case 'signing_keys':
      return ['purpose', `key:${place.kid}`];
    case 'left_channels':
      return ['purpose', `answers:${place.broker}:${place.id}`];
    case 'accounts':
      return ['purpose', `account ${place.workspaceId} ${place.serverId} ${place.owner}`];
    case 'oauth_objects':
      return ['purpose', `${place.kind === 'IdpSession' ? 'idp-session' : 'refresh-answer'}:${place.idHash}`];
  }
}

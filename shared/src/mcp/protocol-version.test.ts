import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATEST_LEGACY_VERSION, LEGACY_VERSIONS, legacyVersionFor, MODERN_VERSION } from './protocol-version.ts';

test('a handshake is answered with the version that it asks for, and with the latest where there is no such one', () => {
  for (const version of LEGACY_VERSIONS) assert.equal(legacyVersionFor(version), version);
  const latest = [...LEGACY_VERSIONS].sort().at(-1);
  assert.equal(latest, LATEST_LEGACY_VERSION);
  // The one without a handshake is none that a handshake could agree on.
  for (const asked of [MODERN_VERSION, '2099-01-01', '', undefined, null, 20251125, ['2025-06-18'], {}]) {
    assert.equal(legacyVersionFor(asked), latest);
  }
});

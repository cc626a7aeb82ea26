#!/usr/bin/env node
// Says one clear line on an outdated Node (so: plain old JavaScript), then starts the bundle.
'use strict';
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    'mcpgate-broker: Node ' +
      process.versions.node +
      ' is too old; the broker needs 24 or later (https://nodejs.org).\n',
  );
  process.exit(1);
}
import('../dist/main.js');

#!/usr/bin/env node
// Chooses the entry: `serve`, `daemon run` and the keychain child start without the CLI framework. Plain old JavaScript, so that
// an outdated Node can still read it and say one clear line.
'use strict';
var version = process.versions.node.split('.').map(Number);
if (version[0] < 22 || (version[0] === 22 && version[1] < 15)) {
  process.stderr.write(
    'mcpgate: Node ' +
      process.versions.node +
      ' is too old; mcpgate needs 22.15 or later (https://nodejs.org). ' +
      'Then run `mcpgate install-clients` again so that AI clients start it with the new one.\n',
  );
  process.exit(1);
}
var command = process.argv[2];
if (command === 'serve') {
  // Every AI client waits for this start: the compiled code of the last one is kept, in a folder of the user's own.
  require('module').enableCompileCache(require('path').join(require('os').homedir(), '.cache', 'mcpgate', 'compiled'));
  require('../dist/serve.cjs');
} else if (
  command === 'daemon' &&
  process.argv[3] === 'run' &&
  (process.argv.length === 4 || (process.argv.length === 6 && process.argv[4] === '--profile'))
)
  import('../dist/daemon.js');
else if (command === 'keychain-child') import('../dist/keychain-child.js');
else import('../dist/cli.js');

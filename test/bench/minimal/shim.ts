// The minimal chain's `serve`: bytes from stdin to a local socket and back. Argument: socket path.
import { connect } from 'node:net';

const socket = connect(process.argv[2] ?? '');
process.stdin.pipe(socket);
socket.pipe(process.stdout);
socket.on('close', () => process.exit(0));

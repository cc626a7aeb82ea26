// The minimal chain's daemon: many local sockets, one WebSocket; nothing is parsed. Arguments: socket path, WebSocket URL.
import { createServer, type Socket } from 'node:net';
import { WebSocket } from 'ws';
import { onLines } from './lines.ts';

const [, , path = '', url = ''] = process.argv;
const link = new WebSocket(url, { perMessageDeflate: false });
const clients = new Map<number, Socket>();
const newline = Buffer.from('\n');
let lastClient = 0;

link.on('message', (frame: Buffer) => {
  const client = clients.get(frame.readUInt32BE(0));
  client?.write(frame.subarray(4));
  client?.write(newline);
});
link.on('close', () => process.exit(0));
link.on('open', () => {
  createServer((socket) => {
    lastClient += 1;
    const client = lastClient;
    const head = Buffer.alloc(4);
    head.writeUInt32BE(client);
    clients.set(client, socket);
    onLines(socket, (line) => link.send(Buffer.concat([head, line]), { binary: true }));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clients.delete(client));
  }).listen(path, () => process.stdout.write('ready\n'));
});

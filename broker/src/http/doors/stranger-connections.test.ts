import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { createStrangerConnections, type Connection } from './stranger-connections.ts';

let lastPort = 0;

function connection(remoteAddress: string) {
  const events = new EventEmitter();
  let isOpen = true;
  const socket = {
    remoteAddress: remoteAddress as string | undefined,
    remotePort: ++lastPort as number | undefined,
    once: events.once.bind(events),
    destroy() {
      isOpen = false;
      // As a real one: it forgets where it came from before it says that it is closed.
      socket.remoteAddress = socket.remotePort = undefined;
      events.emit('close');
    },
    get isOpen() {
      return isOpen;
    },
  };
  return socket as typeof socket & Connection;
}

function bound(limits: { ofAddress: number; inAll: number }) {
  const ended: (string | undefined)[] = [];
  const connections = createStrangerConnections({
    isTrusted: (address) => address === '10.0.0.1',
    onEnded: (address) => ended.push(address),
    limits,
  });
  const open = (address: string) => {
    const socket = connection(address);
    connections.opened(socket);
    return socket;
  };
  return { connections, open, ended };
}

test('of an address so many connections are open, IPv6 by its network; the oldest goes, and none of another address', () => {
  const { open, ended, connections } = bound({ ofAddress: 2, inAll: 100 });
  const other = open('192.0.2.9');
  const first = open('192.0.2.1');
  const mapped = open('::ffff:192.0.2.1');
  const third = open('192.0.2.1');
  assert.deepEqual(
    [first, mapped, third, other].map(({ isOpen }) => isOpen),
    [false, true, true, true],
  );
  assert.deepEqual(ended, ['192.0.2.1']);
  const six = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(open);
  assert.deepEqual(
    six.map(({ isOpen }) => isOpen),
    [false, true, true, true],
  );
  assert.equal(connections.count, 6);
});

test('over whom a request comes, goes later than who is only there', () => {
  const { connections, open } = bound({ ofAddress: 2, inAll: 3 });
  const [first, second] = [open('192.0.2.1'), open('192.0.2.1')];
  connections.used(first);
  const other = open('192.0.2.2');
  open('192.0.2.1');
  assert.deepEqual(
    [first, second, other].map(({ isOpen }) => isOpen),
    [true, false, true],
  );
  connections.used(first);
  open('192.0.2.3');
  assert.deepEqual(
    [first, other].map(({ isOpen }) => isOpen),
    [true, false],
  );
});

test('of all addresses together so many are open', () => {
  const { open, connections } = bound({ ofAddress: 2, inAll: 3 });
  const opened = Array.from({ length: 50 }, (_, index) => open(`192.0.2.${index}`));
  assert.deepEqual(opened.map(({ isOpen }) => isOpen).lastIndexOf(false), 46);
  assert.equal(connections.count, 3);
});

test('connections of known clients and of trusted proxies do not count, and closed ones count no more', () => {
  const { open, ended, connections } = bound({ ofAddress: 2, inAll: 3 });
  for (let each = 0; each < 10; each++) open('10.0.0.1');
  const friends = Array.from({ length: 10 }, () => {
    const friend = open('192.0.2.1');
    connections.known(friend);
    return friend;
  });
  open('192.0.2.1').destroy();
  open('192.0.2.1');
  open('192.0.2.1');
  assert.ok(friends.every(({ isOpen }) => isOpen));
  assert.deepEqual(ended, []);
  assert.equal(connections.count, 2);
  for (const friend of friends) friend.destroy();
  assert.equal(connections.count, 2);
});

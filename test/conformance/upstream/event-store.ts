// What was sent on the streams of one session, so that a client that comes back gets what it missed.
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';

export function createEventStore(): EventStore {
  const events: { streamId: string; message: JSONRPCMessage }[] = [];
  const streamOf = (eventId: string) => events[Number(eventId)]?.streamId;
  return {
    storeEvent: (streamId, message) => Promise.resolve(String(events.push({ streamId, message }) - 1)),
    getStreamIdForEventId: (eventId) => Promise.resolve(streamOf(eventId)),
    async replayEventsAfter(lastEventId, { send }) {
      const streamId = streamOf(lastEventId) ?? '';
      for (const [index, event] of events.entries())
        if (index > Number(lastEventId) && event.streamId === streamId && 'jsonrpc' in event.message)
          await send(String(index), event.message);
      return streamId;
    },
  };
}

// The ways to add servers, in one drawer; which one is part of the address.
import { Drawer, Tabs } from '@mantine/core';
import { CatalogueServers } from './catalogue-servers.tsx';
import { FormServer } from './form/form-server.tsx';
import { PasteServers } from './paste-servers.tsx';

const ADD_WAYS = ['catalogue', 'form', 'paste'] as const;
export type AddWay = (typeof ADD_WAYS)[number];

export function AddServers({ way, onWay }: { way: AddWay | undefined; onWay: (way: AddWay | undefined) => void }) {
  const close = () => onWay(undefined);
  return (
    <Drawer opened={way !== undefined} onClose={close} title="Add servers" size={640}>
      {way !== undefined && (
        <Tabs value={way} onChange={(chosen) => onWay(ADD_WAYS.find((each) => each === chosen))} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="catalogue">From the catalogue</Tabs.Tab>
            <Tabs.Tab value="form">By form</Tabs.Tab>
            <Tabs.Tab value="paste">From a client’s file</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="catalogue">
            <CatalogueServers onDone={close} />
          </Tabs.Panel>
          <Tabs.Panel value="form">
            <FormServer onDone={close} />
          </Tabs.Panel>
          <Tabs.Panel value="paste">
            <PasteServers onDone={close} />
          </Tabs.Panel>
        </Tabs>
      )}
    </Drawer>
  );
}

// What stands in the address of the page of people, for its tabs.
import { Switch, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import type { PeopleSearchValue } from './people-address.ts';

const route = getRouteApi('/shell/people');

export interface PeopleSearch {
  search: PeopleSearchValue;
  /** Changes the address; `undefined` takes something out of it. */
  set: (change: PeopleSearchValue) => void;
  /** For a table: what it is sorted by, and how it tells. */
  sorting: (first: { id: string; desc?: boolean }) => {
    sort: { id: string; desc?: boolean };
    onSort: (sort: { id: string; desc: boolean }) => void;
  };
}

export function usePeopleSearch(): PeopleSearch {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: PeopleSearchValue): void =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  return {
    search,
    set,
    sorting: (first) => ({
      sort: search.sort === undefined ? first : { id: search.sort.replace('-', ''), desc: search.sort.startsWith('-') },
      onSort: ({ id, desc }) => set({ sort: `${desc ? '-' : ''}${id}` }),
    }),
  };
}

/** Whether one of the texts holds what is searched for. */
export const holdsWords = (q: string | undefined, ...texts: readonly (string | null)[]): boolean => {
  const words = q?.trim().toLowerCase() ?? '';
  return words === '' || texts.some((text) => text?.toLowerCase().includes(words) === true);
};

export function SearchField({ placeholder }: { placeholder: string }) {
  const { search, set } = usePeopleSearch();
  return (
    <TextInput
      aria-label="Search"
      placeholder={placeholder}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={search.q ?? ''}
      w={{ base: '100%', xs: 280 }}
      onChange={({ currentTarget: { value } }) => set({ q: value === '' ? undefined : value })}
    />
  );
}

export function EndedSwitch({ label }: { label: string }) {
  const { search, set } = usePeopleSearch();
  return (
    <Switch
      label={label}
      checked={search.ended === true}
      onChange={({ currentTarget: { checked } }) => set({ ended: checked ? true : undefined })}
    />
  );
}

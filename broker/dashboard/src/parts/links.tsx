// Mantine's parts that lead somewhere, as links of the router: typed, and real anchors that open in a new tab.
import { Anchor, Button, NavLink, type AnchorProps, type ButtonProps, type NavLinkProps } from '@mantine/core';
import { createLink, useRouter } from '@tanstack/react-router';
import type { ComponentProps, ReactNode } from 'react';

/** What an anchor takes besides what Mantine's part does. */
type LinkProps<Part> = Part & Omit<ComponentProps<'a'>, keyof Part>;

export const AnchorLink = createLink((props: LinkProps<AnchorProps>) => <Anchor {...props} />);
export const ButtonLink = createLink((props: LinkProps<ButtonProps>) => <Button component="a" {...props} />);
export const MenuLink = createLink((props: LinkProps<NavLinkProps>) => <NavLink component="a" {...props} />);

/** A link by a path that is known only at run time, or to a page that is another's: not typed. `inText`: among words, where its colour alone would not tell it. */
export function PathLink({ path, children, inText = false }: { path: string; children: ReactNode; inText?: boolean }) {
  const { history } = useRouter();
  return (
    <Anchor
      href={path}
      size="sm"
      underline={inText ? 'always' : 'hover'}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        history.push(path);
      }}
    >
      {children}
    </Anchor>
  );
}

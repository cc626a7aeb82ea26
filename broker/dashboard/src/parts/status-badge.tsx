// A state in one word. Colour never says it alone: the icon and the word do too.
import { Badge, type BadgeProps } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconInfoCircle,
  type Icon,
} from '@tabler/icons-react';
import classes from './status-badge.module.css';

export type Tone = 'ok' | 'warn' | 'danger' | 'info' | 'quiet';

export const TONE_ICON: Readonly<Record<Tone, Icon>> = {
  ok: IconCircleCheck,
  warn: IconAlertTriangle,
  danger: IconCircleX,
  info: IconInfoCircle,
  quiet: IconCircleDashed,
};

export function StatusBadge({ tone, children, ...rest }: { tone: Tone; children: string } & Omit<BadgeProps, 'color'>) {
  const ToneIcon = TONE_ICON[tone];
  return (
    <Badge
      {...rest}
      classNames={{ root: classes['badge'] ?? '' }}
      data-tone={tone}
      leftSection={<ToneIcon size={14} aria-hidden />}
    >
      {children}
    </Badge>
  );
}

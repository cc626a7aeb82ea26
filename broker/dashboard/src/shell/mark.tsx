// The logo of the broker's pages without script: a gate with one opening.
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 32 32"
      fill="none"
      stroke="var(--mantine-primary-color-filled)"
      strokeWidth="2.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      focusable={false}
    >
      <path d="M5 27V14a11 11 0 0 1 22 0v13" />
      <path d="M11 27V15a5 5 0 0 1 10 0v12" />
      <path d="M16 19.5v3" />
      <path d="M2.5 27h27" />
    </svg>
  );
}

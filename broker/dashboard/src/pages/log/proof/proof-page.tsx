// The log proved and reported: whether every row is as it was written, and what an audit asks of access.
import { AnchorLink } from '../../../parts/links.tsx';
import { Page } from '../../../parts/page.tsx';
import { Report } from './report.tsx';
import { Verify } from './verify.tsx';

export function ProofPage() {
  return (
    <Page
      title="Verify and report"
      above={[
        <AnchorLink key="log" to="/log" size="sm">
          Log
        </AnchorLink>,
      ]}
      lead="For those who audit this broker. Each of these is an event of the log, with who asked for it."
    >
      <Verify />
      <Report />
    </Page>
  );
}

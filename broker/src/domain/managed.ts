// What is managed by a configuration: who edits it by hand is told, and the next `config apply` makes it what the configuration says.
import type { ConfigurationKind } from 'mcpgate-shared/api/config/configuration';

export interface Managed {
  kind: ConfigurationKind;
  name: string;
  /** The name of the configuration. */
  managedBy: string;
  /** What it was when the configuration was applied last, as JSON. */
  applied: string;
  appliedAt: number;
}

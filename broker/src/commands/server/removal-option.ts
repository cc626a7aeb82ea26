// Flags that begin with `--no-` and take names: `--no-env A B`. For commander such a flag turns another one off.
import { type Command, Option } from 'commander';

class RemovalOption extends Option {
  constructor(flags: string, description: string) {
    super(flags, description);
    this.negate = false;
  }
}

/** Its value stands under `noNAME`. */
export function removalOption(command: Command, flags: string, description: string): Command {
  return command.addOption(new RemovalOption(flags, description));
}

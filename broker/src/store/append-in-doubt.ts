// The answer to an append was lost: the rows may be there or not.
import { HostError } from '../domain/told-outside.ts';

export class AppendInDoubt extends HostError {}

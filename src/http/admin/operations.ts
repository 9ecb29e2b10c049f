import { keyOperations } from './keys.ts';
import type { Operation } from './operation.ts';

/** Every operation of the admin API. */
export function adminOperations(): readonly Operation[] {
  return [...keyOperations];
}

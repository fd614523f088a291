/**
 * All nouns, in the order in which one may need what another makes: what links hang on comes first, what names containers
 * last.
 */
import type { Noun } from '../noun/noun.ts'
import { shim } from './shim.ts'

export const nouns: readonly Noun[] = [shim]

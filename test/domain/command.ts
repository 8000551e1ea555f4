/** @module The messages of the world in memory (world.ts). */

/** A message from a terminal or a back office. The STAN is a small number, so that keys repeat. */
export type Command =
  | { readonly kind: 'sale'; readonly stan: number; readonly amount: number; readonly batch: Named }
  | {
      readonly kind: 'captured_sale'
      readonly stan: number
      readonly amount: number
      readonly status: 'approved' | 'declined'
      readonly batch: Named
    }
  | {
      readonly kind: 'void' | 'json_void'
      readonly stan: number
      readonly original: number
      readonly amount: number
      readonly batch: Named
    }
  | {
      readonly kind: 'sale_reversal' | 'void_reversal'
      readonly stan: number
      readonly amount: number
      readonly batch: Named
    }
  /** By the office: `json_reversal` of a JSON void, the others of a message of the terminal. */
  | {
      readonly kind: 'json_reversal' | 'office_sale_reversal' | 'office_void_reversal'
      readonly stan: number
      readonly amount: number
      readonly batch: Named
    }
  | { readonly kind: 'settle'; readonly stan: number; readonly off: number; readonly batch: Named }
  | { readonly kind: 'wait'; readonly minutes: number }

/** The batch that a message names: the open one, or the one before it. */
type Named = 'open' | 'last'

/** @module What a fuzzer looks for. */

/** A property that did not hold. Every other error is one, too, where the property is that nothing throws. */
export class ReconciliationResult extends Error {}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ReconciliationResult(what)
}

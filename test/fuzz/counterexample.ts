/** @module The result that a fuzzer searches for. */

/** A property that does not hold. Where the property is that nothing throws, every other error is one too. */
export class Counterexample extends Error {}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Counterexample(what)
}

/**
 * @module The two sizes of each long proof: `npm test` runs the sample, and `npm run test:all` runs the whole. The
 * name is the path of the file without `.proof.test.ts`.
 */

import { inject } from 'vitest'

declare module 'vitest' {
  interface ProvidedContext {
    /** The project `long` provides `whole`. Without a value, a proof runs its sample. */
    size: 'sample' | 'whole'
  }
}

interface Proof {
  /** The unit of both sizes. */
  readonly unit: string
  /** 0: only `npm run test:all` runs it (`WHOLE_ONLY`). */
  readonly sample: number
  readonly whole: number
}

export const PROOFS = {
  'archive/cuts': { unit: 'cuts', sample: 3, whole: 40 },
  'core/duplicates-model': { unit: 'seeds', sample: 1, whole: 3 },
  'core/duplicates': { unit: 'look-ups', sample: 50_000, whole: 1_000_000 },
  'core/isolation': { unit: 'calls', sample: 10_000, whole: 100_000 },
  'fuzz/codec': { unit: 'inputs', sample: 1_000, whole: 8_000 },
  'fuzz/core': { unit: 'programs', sample: 500, whole: 4_000 },
  'fuzz/mistakes': { unit: 'mistakes', sample: 0, whole: 5 },
  'load/planted-bugs': { unit: 'bugs', sample: 0, whole: 6 },
  'model/model': { unit: 'commands', sample: 600, whole: 6_000 },
  'model/settled': { unit: 'commands', sample: 200, whole: 6_000 },
  'overload/virtual': { unit: 'databases', sample: 0, whole: 2 },
  'own-terminal/days': { unit: 'terminals', sample: 36, whole: 180 },
  'pipeline/refusal-quota': { unit: 'voids', sample: 150, whole: 1_500 },
  'pos/timing': { unit: 'calls', sample: 400, whole: 20_000 },
  'races/races': { unit: 'sales', sample: 4, whole: 10 },
  'rig/faults': { unit: 'voids', sample: 40, whole: 400 },
  'rig/kill': { unit: 'kills', sample: 2, whole: 30 },
  'rig/power': { unit: 'cuts', sample: 4, whole: 50 },
  'simulation/crash-points-competing': { unit: 'cells', sample: 0, whole: 934 },
  'simulation/crash-points-copy': { unit: 'cells', sample: 0, whole: 442 },
  'simulation/crash-points-first': { unit: 'cells', sample: 0, whole: 719 },
  'simulation/entries': { unit: 'worlds', sample: 4, whole: 40 },
  'simulation/mild': { unit: 'voids', sample: 60, whole: 5_000 },
  'simulation/mutants-1': { unit: 'checks', sample: 0, whole: 22 },
  'simulation/mutants-2': { unit: 'checks', sample: 0, whole: 21 },
  'simulation/restore': { unit: 'databases', sample: 0, whole: 30 },
  'simulation/sign-on': { unit: 'key changes', sample: 0, whole: 12 },
  'simulation/simulation': { unit: 'voids', sample: 0, whole: 60 },
  'simulation/worlds': { unit: 'voids', sample: 200, whole: 15_000 },
} as const satisfies Readonly<Record<string, Proof>>

export type ProofName = keyof typeof PROOFS

/** Whether this run is of the whole proofs. */
export const isWhole = (): boolean => inject('size') === 'whole'

/** The size of a proof in this run. */
export const sizeOf = (name: ProofName): number => PROOFS[name][isWhole() ? 'whole' : 'sample']

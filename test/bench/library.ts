/** @module A library of block ciphers, as the bench uses it. */

export type Bytes = Uint8Array

export interface Keyed {
  /** Encrypts one block. */
  readonly encrypt: (block: Bytes) => Bytes
  /** Decrypts one block. Only X9.19 needs it. */
  readonly decrypt?: (block: Bytes) => Bytes
  /** The last block of a CBC with IV 0 over whole blocks. */
  readonly lastOfCbc: (padded: Bytes) => Bytes
}

/** The set-up is not measured: whatever the library keeps for a key is made once. */
export interface Library {
  readonly name: string
  /** A DES key has 8 bytes, a 3DES key 16. */
  readonly des?: (key: Bytes) => Keyed
  readonly sm4?: (key: Bytes) => Keyed
  readonly aes?: (key: Bytes) => Keyed
  /** The library's own CMAC. */
  readonly cmac?: (key: Bytes) => (message: Bytes) => Bytes
}

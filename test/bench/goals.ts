/** @module The least ratios that the core must reach: how many times as fast as another way to do the same. */

const GOALS: Readonly<Record<string, number>> = {
  'verify x9.19, 16-byte key, 160 bytes: OpenSSL': 1,
  'verify x9.19, 16-byte key, 160 bytes: node:crypto': 3.5,
  'verify x9.19, 16-byte key, 160 bytes: des.js': 6,
  'verify cup-ecb, 16-byte key, 160 bytes: node:crypto': 4,
  'verify cup-ecb, 16-byte key, 160 bytes: des.js': 12,
  'verify sm4-cbc-mac, 16-byte key, 160 bytes: OpenSSL': 1,
  'verify sm4-cbc-mac, 16-byte key, 160 bytes: sm-crypto-v2': 3,
  'verify aes-cmac, 16-byte key, 160 bytes: @noble/ciphers': 5,
  'unpack a void: iso_8583': 10,
  'look up and insert, 1,000,000 messages: Map and ring': 3,
  'look up and insert, 1,000,000 messages: lru-cache': 3,
  'memory of a full table: Map and ring': 7,
  'memory of a full table: lru-cache': 7,
}

/** The goal of a row against an entrant; undefined when there is none. */
export const goalOf = (row: string, entrant: string): number | undefined => GOALS[`${row}: ${entrant}`]

/** The names of all goals, for the test that every one is measured. */
export const GOAL_NAMES: readonly string[] = Object.keys(GOALS)

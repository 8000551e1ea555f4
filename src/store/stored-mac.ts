/** @module The check of a MAC of the service that a row or a file has as hex digits. */

/** Whether a MAC of 32 bytes is that of the data under the data key `journal` with this id (crypto/keyring.ts). */
export type VerifyMac = (
  data: Uint8Array<ArrayBuffer>,
  mac: Uint8Array<ArrayBuffer>,
  keyId: number,
) => Promise<boolean>

/** The same for a stored MAC. Anything but 64 lower-case hex digits is no MAC of the service. */
export const isOurMac = async (
  verify: VerifyMac,
  data: Uint8Array<ArrayBuffer>,
  mac: string,
  keyId: number,
): Promise<boolean> => /^[0-9a-f]{64}$/.test(mac) && verify(data, Uint8Array.fromHex(mac), keyId)

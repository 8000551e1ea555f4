/** Types of the packages that have none, as far as the bench uses them. */

declare module 'des.js' {
  interface Options {
    readonly type: 'encrypt' | 'decrypt'
    readonly key: Uint8Array
    readonly iv?: Uint8Array
    readonly padding?: false
  }
  interface Cipher {
    create(options: Options): { update(blocks: Uint8Array): number[]; final(): number[] }
  }
  const des: {
    readonly DES: Cipher
    readonly EDE: Cipher
    readonly CBC: { instantiate(base: Cipher): Cipher }
  }
  export default des
}

declare module 'node-forge' {
  interface ByteBuffer {
    getBytes(): string
  }
  interface Cipher {
    start(options: { readonly iv?: string }): void
    update(input: ByteBuffer): void
    readonly output: ByteBuffer
  }
  const forge: {
    readonly cipher: {
      createCipher(name: string, key: string): Cipher
      createDecipher(name: string, key: string): Cipher
    }
    readonly util: { createBuffer(text: string): ByteBuffer }
  }
  namespace forge {
    export { Cipher }
  }
  export default forge
}

/** @module Native OpenSSL: `native.c`, compiled by the C compiler of this machine, if there is one. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Bytes } from './library.ts'
import type { MacRow } from './mac-rows.ts'

const SOURCE = join(import.meta.dirname, 'native.c')
const hexOf = (bytes: Bytes): string => Buffer.from(bytes).toString('hex')

export class Native {
  readonly #program: ChildProcess
  readonly #folder: string
  readonly #lines: AsyncIterator<string>

  private constructor(program: ChildProcess, folder: string) {
    this.#program = program
    this.#folder = folder
    if (program.stdout === null) throw new Error('no output')
    this.#lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  }

  /** Undefined without a C compiler or the headers of OpenSSL. */
  static start(): Native | undefined {
    const folder = mkdtempSync(join(tmpdir(), 'annul-bench-'))
    const path = join(folder, 'native')
    const { status } = spawnSync('cc', ['-O2', SOURCE, '-o', path, '-lcrypto'], { stdio: 'ignore' })
    if (status === 0) return new Native(spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] }), folder)
    rmSync(folder, { recursive: true, force: true })
    return undefined
  }

  /** Sets up the key and the messages of the calls that follow. */
  prepare({ algorithm }: MacRow, key: Bytes, messages: readonly Bytes[]): void {
    this.#send('clear', `key ${algorithm} ${hexOf(key)}`, ...messages.map((each) => `message ${hexOf(each)}`))
  }

  /** Computes `count` MACs. Returns nanoseconds. */
  async time(count: number): Promise<number> {
    return Number(await this.#ask(`run ${count}`))
  }

  /** The MAC of one of the messages. */
  async mac(index: number): Promise<Bytes> {
    return Buffer.from(await this.#ask(`mac ${index}`), 'hex')
  }

  stop(): void {
    this.#program.stdin?.end()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #ask(command: string): Promise<string> {
    this.#send(command)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the native program ended')
    return value
  }

  #send(...commands: string[]): void {
    this.#program.stdin?.write(`${commands.join('\n')}\n`)
  }
}

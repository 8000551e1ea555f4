/** @module The `annul` command: gives `main` the streams and the environment of the process, and takes its exit code. */
import { main } from './main.ts'

process.exitCode = await main(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
  env: process.env,
})

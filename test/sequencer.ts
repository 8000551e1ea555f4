/**
 * @module The order of the test files. All cores take files from one list. The longest come first and the short
 * ones last, so that no core waits long for another. Files that share a process stay together.
 */

import { relative, sep } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { LONGEST } from './longest.ts'
import type { ProjectName } from './projects.ts'

/** The order of the projects. Those whose files have their own processes form one list. Those that wait come first. */
const TURNS: Readonly<Record<ProjectName, number>> & Readonly<Record<string, number | undefined>> = {
  long: 0,
  processes: 0,
  slow: 0,
  virtual: 1,
  worker: 2,
  node: 3,
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const pathOf = ({ moduleId }: TestSpecification) =>
      relative(this.ctx.config.root, moduleId).replaceAll(sep, '/')
    const rankOf = (file: TestSpecification) => {
      const rank = LONGEST.indexOf(pathOf(file))
      return rank < 0 ? LONGEST.length : rank
    }
    return files.toSorted(
      (a, b) =>
        (TURNS[a.project.name] ?? 0) - (TURNS[b.project.name] ?? 0) ||
        rankOf(a) - rankOf(b) ||
        (pathOf(a) < pathOf(b) ? -1 : 1),
    )
  }
}

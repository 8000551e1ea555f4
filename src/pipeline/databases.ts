/**
 * @module The services over the databases of a region. Each database has a pipeline of its own, so a set of messages goes to one
 * database.
 */

import { bucketOf } from '../domain/bucket.ts'
import type { RegionDatabase } from '../store/databases.ts'
import { createPipeline } from './process.ts'
import type { Services } from './services.ts'
import type { Pipeline, PipelineOptions } from './types.ts'
import { createWarmStates, WARM_TERMINALS } from './warm.ts'

type Base = Omit<Services, 'db' | 'pipeline' | 'pipelines' | 'bucketNeeds' | 'readBuckets'>

/** The services whose database is database 0. */
export function overDatabases(base: Base): Services {
  const bucketNeeds = (merchantId: string) => base.databases.needsOf(bucketOf(merchantId))
  const all = { ...base, bucketNeeds, readBuckets: () => base.databases.readAgain() }
  const pipelines = new Map<RegionDatabase, Pipeline>()
  // The databases share the memory for warm states.
  const mostWarm = Math.floor(WARM_TERMINALS / base.databases.all.length)
  for (const one of base.databases.all) {
    const options = { ...all, db: one.db, log: logOf(base, one) }
    pipelines.set(one, createPipeline(options, createWarmStates(options.now, mostWarm)))
  }
  return inDatabase({ ...all, pipelines }, base.databases.all[0])
}

/** The log of a database. Its lines name the database if there are several. */
const logOf = ({ databases, log }: Base, { name }: RegionDatabase): PipelineOptions['log'] =>
  databases.all.length === 1 ? log : (event, detail) => log(event, { ...detail, database: name })

function inDatabase(services: Omit<Services, 'db' | 'pipeline'>, database: RegionDatabase): Services {
  const pipeline = services.pipelines.get(database)
  if (pipeline === undefined) throw new Error('each database has a pipeline')
  return { ...services, db: database.db, pipeline }
}

/** The services in the database of a bucket, 0 to 1023. */
export const inBucket = (services: Services, bucket: number): Services =>
  services.databases.all.length === 1 ? services : inDatabase(services, services.databases.of(bucket))

/** The services in the database of a merchant. */
export const forMerchant = (services: Services, merchantId: string): Services =>
  inBucket(services, bucketOf(merchantId))

/** The services in each database. */
export const inEachDatabase = (services: Services): readonly Services[] =>
  services.databases.all.map((one) => ({ ...inDatabase(services, one), log: logOf(services, one) }))

/** Runs `submits`. The messages for one database that it submits before it returns may share one set. */
export const together = <T>({ pipelines }: Services, submits: () => T): T =>
  [...pipelines.values()].reduce<() => T>((next, pipeline) => () => pipeline.together(next), submits)()

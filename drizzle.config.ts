import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  schema: [
    './src/store/schema.ts',
    './src/store/batch-schema.ts',
    './src/store/merchant-schema.ts',
    './src/store/bucket-table.ts',
  ],
  out: './migrations',
})

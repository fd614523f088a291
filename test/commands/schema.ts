/** The published schemas of what --json prints. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { project } from './cli.ts'

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true })
const folder = join(project, 'src/report/schema')
for (const file of readdirSync(folder)) ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object)

/** Asserts that a document fits the schema that it names, and returns it. */
export function fitting<T extends { schema: string }>(text: string): T {
  const document = JSON.parse(text) as T
  const validate = ajv.getSchema(`lxcnet:${document.schema}`)
  assert.ok(validate, `there is a schema for ${document.schema}`)
  assert.ok(validate(document), `${document.schema}: ${ajv.errorsText(validate.errors)}\n${text}`)
  return document
}

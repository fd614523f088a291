/** The JSON schema of the site file, for editors; from the same definition that the file is checked by. */
import * as z from 'zod/mini'
import type { SiteTable } from './model.ts'
import { siteShape } from './parse.ts'

/** What of a JSON schema is used here. */
export interface JsonSchema {
  description?: string
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | false
  anyOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  enum?: (string | number)[]
}

/** @returns a schema of draft 2020-12 */
export function siteSchema(table: SiteTable): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(siteShape(table), { io: 'input' }) as JsonSchema & { $schema: string }
  return {
    $schema,
    $id: 'lxcnet:lxcnet.yaml/1',
    title: 'The site file of lxcnet, lxcnet.yaml(5)',
    ...rest,
  } as JsonSchema
}

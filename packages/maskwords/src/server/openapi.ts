// The OpenAPI 3.1 document of a service, from the zod schemas of its operations.

import { z } from 'zod'

export type ApiOperation = {
  readonly summary: string
  readonly description?: string
  readonly request?: z.ZodType
  readonly response: z.ZodType
}

/** What every answer other than 2xx says. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      at: z.union([z.string(), z.number()]).optional(),
      hint: z.string().optional(),
      file: z.string().optional(),
    }),
    requestId: z.string(),
  })
  .meta({ description: 'What went wrong, where, and what to do.' })

const FAULTS: Readonly<Record<string, string>> = {
  400: 'The request makes no sense as a whole.',
  401: 'The token is missing or wrong.',
  413: 'More bytes or samples than the limit.',
  415: 'The body is no application/json.',
  503: 'No room or no time: try again.',
}

export function openApi(options: {
  readonly title: string
  readonly version: string
  readonly operations: ReadonlyMap<string, Readonly<Record<string, ApiOperation>>>
  readonly hasToken: boolean
}): unknown {
  const { title, version, operations, hasToken } = options
  const faults = Object.fromEntries(
    Object.entries(FAULTS).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
    ]),
  )
  const operationOf = ({ summary, description, request, response }: ApiOperation) => ({
    summary,
    ...(description !== undefined && { description }),
    ...(request !== undefined && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(request, 'input') } },
      },
    }),
    responses: {
      200: {
        description: 'Done.',
        content: { 'application/json': { schema: schemaOf(response, 'output') } },
      },
      ...faults,
    },
  })
  return {
    openapi: '3.1.0',
    info: { title, version },
    paths: Object.fromEntries(
      Array.from(operations, ([path, methods]) => [
        path,
        Object.fromEntries(
          Object.entries(methods).map(([method, operation]) => [method, operationOf(operation)]),
        ),
      ]),
    ),
    components: {
      schemas: { Error: schemaOf(errorSchema, 'output') },
      ...(hasToken && { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } }),
    },
    ...(hasToken && { security: [{ bearer: [] }] }),
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Record<
    string,
    unknown
  >
  return rest
}

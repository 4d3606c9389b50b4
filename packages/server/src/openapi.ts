// The OpenAPI 3.1 document of a service, from the zod schemas of its operations.

import { z } from 'zod'
import type { HttpFault } from './fault.ts'

export type ApiOperation = {
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly ApiParameter[]
  readonly request?: z.ZodType
  /** Types of a body that is no JSON. */
  readonly requestTypes?: readonly string[]
  readonly response?: z.ZodType
  /** Types of an answer that is no JSON. */
  readonly responseTypes?: readonly string[]
  /** The `error` of answers other than 2xx, where it is not the usual report. */
  readonly faultBody?: (fault: HttpFault) => object
}

export type ApiParameter = {
  readonly in: 'path' | 'query'
  readonly name: string
  readonly description: string
  /** May be given several times. */
  readonly many?: boolean
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
      type: z.string().optional().describe("OpenAI's, on its routes"),
      param: z.union([z.string(), z.number()]).nullable().optional().describe("OpenAI's name for `at`"),
    }),
    requestId: z.string(),
  })
  .meta({ description: 'What went wrong, where, and what to do.' })

const FAULTS: Readonly<Record<string, string>> = {
  400: 'The request makes no sense as a whole.',
  401: 'The token is missing or wrong.',
  404: 'No such codec, or the picture is not kept (any more).',
  413: 'More bytes, pixels or items than the limit.',
  415: 'The body is not of a type that is taken here.',
  502: 'The server behind the model answers what it should not.',
  503: 'No room or no time: try again after the seconds of Retry-After.',
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
  const binary = (types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]))
  const operationOf = (operation: ApiOperation) => {
    const {
      summary,
      description,
      parameters,
      request,
      requestTypes,
      response,
      responseTypes = [],
    } = operation
    return {
      summary,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters: parameters.map(parameterOf) }),
      ...(request !== undefined && {
        requestBody: {
          required: true,
          content: { 'application/json': { schema: schemaOf(request, 'input') } },
        },
      }),
      ...(requestTypes !== undefined && { requestBody: { required: true, content: binary(requestTypes) } }),
      responses: {
        200: {
          description: 'Done.',
          content: {
            ...(response !== undefined && { 'application/json': { schema: schemaOf(response, 'output') } }),
            ...binary(responseTypes),
          },
        },
        ...faults,
      },
    }
  }
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

function parameterOf({ in: place, name, description, many }: ApiParameter): unknown {
  const text = { type: 'string' }
  return {
    in: place,
    name,
    description,
    required: place === 'path',
    schema: many === true ? { type: 'array', items: text } : text,
  }
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' }) as Record<
    string,
    unknown
  >
  return rest
}

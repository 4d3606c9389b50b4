// What the frame keeps of a request while it is on its way: its id, and the route that took it.
import type { Context } from 'hono'

export type ServiceEnv = { Variables: { requestId: string; route: string | undefined } }

export type ServiceContext = Context<ServiceEnv>

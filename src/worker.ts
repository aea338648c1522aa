/** The Worker: the front desk and the Durable Object classes, nothing else. */
import { frontDesk } from "./api/app.ts";
import type { Env } from "./api/env.ts";

export { Cluster } from "./durable/cluster.ts";
export { Tenant } from "./durable/tenant.ts";

export default { fetch: frontDesk } satisfies ExportedHandler<Env>;

/** The kinds of the core group that are not workloads. */
import type { Kind } from "../kind.ts";
import { binding } from "./binding.ts";
import { componentStatus } from "./component-status.ts";
import { configMap } from "./config-map.ts";
import { endpoints } from "./endpoints.ts";
import { event } from "./event.ts";
import { limitRange } from "./limit-range.ts";
import { namespace } from "./namespace.ts";
import { node } from "./node.ts";
import { persistentVolume } from "./persistent-volume.ts";
import { persistentVolumeClaim } from "./persistent-volume-claim.ts";
import { resourceQuota } from "./resource-quota.ts";
import { secret } from "./secret.ts";
import { service } from "./service.ts";
import { serviceAccount } from "./service-account.ts";

export const coreKinds: readonly Kind[] = [
  binding,
  componentStatus,
  configMap,
  endpoints,
  event,
  limitRange,
  namespace,
  node,
  persistentVolume,
  persistentVolumeClaim,
  resourceQuota,
  secret,
  serviceAccount,
  service,
];

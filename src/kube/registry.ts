/** The list of built-in kinds. Adding a kind: one file, one line here. */

import { customResourceDefinition } from "./apiextensions/custom-resource-definition.ts";
import { coreKinds } from "./core/index.ts";
import type { Kind } from "./kind.ts";
import { platformKinds } from "./platform.ts";
import { workloadKinds } from "./workloads.ts";

export const BUILT_IN_KINDS: readonly Kind[] = [...coreKinds, ...workloadKinds, ...platformKinds, customResourceDefinition];

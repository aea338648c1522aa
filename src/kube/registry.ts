/** The list of built-in kinds. Adding a kind: one file, one line here. */
import type { Kind } from "./kind.ts";
import { coreKinds } from "./core/index.ts";
import { workloadKinds } from "./workloads.ts";
import { platformKinds } from "./platform.ts";
import { customResourceDefinition } from "./apiextensions/custom-resource-definition.ts";

export const BUILT_IN_KINDS: readonly Kind[] = [...coreKinds, ...workloadKinds, ...platformKinds, customResourceDefinition];

/** The controllers a cluster runs. Adding one: one file, one line here. */
import type { Controller } from "./controller.ts";
import { customResourceCleanup } from "./custom-resource-cleanup.ts";
import { disruptionController } from "./disruption.ts";
import { namespaceController } from "./namespace.ts";
import { rootCaPublisher } from "./root-ca-publisher.ts";
import { serviceAccountController } from "./service-account.ts";
import { serviceCIDRController } from "./service-cidr.ts";
import { attributesClassProtection, claimProtection, volumeProtection } from "./storage-protection.ts";

export const CONTROLLERS: readonly Controller[] = [
  serviceAccountController,
  rootCaPublisher,
  namespaceController,
  customResourceCleanup,
  disruptionController,
  serviceCIDRController,
  claimProtection,
  volumeProtection,
  attributesClassProtection,
];

/** How upstream prints whole structs in error messages: by the field names of its internal types, nothing omitted. */
import type { PodResourceClaim } from "../../schema/generated/types/core.v1.ts";

export function internalResourceClaim(claim: PodResourceClaim): object {
  return { Name: claim.name, ResourceClaimName: claim.resourceClaimName ?? null, ResourceClaimTemplateName: claim.resourceClaimTemplateName ?? null };
}

/** How upstream prints whole structs in error messages: by the field names of its internal types, nothing omitted. */
import type { NodeSelectorRequirement, NodeSelectorTerm, PodResourceClaim } from "../../schema/generated/types/core.v1.ts";

export function internalResourceClaim(claim: PodResourceClaim): object {
  return { Name: claim.name, ResourceClaimName: claim.resourceClaimName ?? null, ResourceClaimTemplateName: claim.resourceClaimTemplateName ?? null };
}

export function internalNodeSelectorTerm(term: NodeSelectorTerm): object {
  return { MatchExpressions: internalRequirements(term.matchExpressions), MatchFields: internalRequirements(term.matchFields) };
}

function internalRequirements(requirements: readonly NodeSelectorRequirement[] | undefined): object[] | null {
  return requirements?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ?? null;
}

/** Where a pod may run: affinity, topology spread, tolerations, gates. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { validateLabelSelector } from "../../machinery/label-selector.ts";
import { isQualifiedName, isValidLabelValue, nameIsDNSLabel, nameIsDNSSubdomain } from "../../machinery/names.ts";
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  PodSchedulingGate,
  Toleration,
  TopologySpreadConstraint,
} from "../../schema/generated/types/core.v1.ts";
import type { LabelSelector } from "../../schema/generated/types/meta.v1.ts";
import { invalidEach, labelName, unsupported } from "./checks.ts";

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function validateAffinity(affinity: Affinity | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!affinity) return;
  if (affinity.nodeAffinity) {
    const here = at.child("nodeAffinity");
    const { [REQUIRED]: required, [PREFERRED]: preferred } = affinity.nodeAffinity;
    if (required) validateNodeSelector(required, errors, here.child(REQUIRED));
    preferred?.forEach((term, i) => {
      validateWeight(term.weight, errors, here.child(PREFERRED).index(i));
      validateNodeSelectorTerm(term.preference, errors, here.child(PREFERRED).index(i).child("preference"));
    });
  }
  if (affinity.podAffinity) validatePodAffinity(affinity.podAffinity, errors, at.child("podAffinity"));
  if (affinity.podAntiAffinity) validatePodAffinity(affinity.podAntiAffinity, errors, at.child("podAntiAffinity"));
}

function validateWeight(weight: number, errors: FieldErrors, at: FieldPath): void {
  if (weight <= 0 || weight > 100) errors.invalid(at.child("weight"), weight, "must be in the range 1-100");
}

/** Terms are alternatives; at least one is needed. Also for PersistentVolumes' node affinity. */
export function validateNodeSelector(selector: NodeSelector, errors: FieldErrors, at: FieldPath): void {
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) {
    errors.required(at.child("nodeSelectorTerms"), "must have at least one node selector term");
    return;
  }
  terms.forEach((term, i) => {
    validateNodeSelectorTerm(term, errors, at.child("nodeSelectorTerms").index(i));
  });
}

export function validateNodeSelectorTerm(term: NodeSelectorTerm, errors: FieldErrors, at: FieldPath): void {
  term.matchExpressions?.forEach((requirement, i) => {
    validateRequirement(requirement, errors, at.child("matchExpressions").index(i));
  });
  term.matchFields?.forEach((requirement, i) => {
    validateFieldRequirement(requirement, errors, at.child("matchFields").index(i));
  });
}

function validateRequirement({ key, operator, values }: NodeSelectorRequirement, errors: FieldErrors, at: FieldPath): void {
  switch (operator) {
    case "In":
    case "NotIn":
      if (!values?.length) errors.required(at.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case "Exists":
    case "DoesNotExist":
      if (values?.length) errors.forbidden(at.child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case "Gt":
    case "Lt":
      if (values?.length !== 1) errors.required(at.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(at.child("operator"), operator, "not a valid selector operator");
  }
  labelName(errors, at.child("key"), key);
}

function validateFieldRequirement({ key, operator, values }: NodeSelectorRequirement, errors: FieldErrors, at: FieldPath): void {
  if (operator !== "In" && operator !== "NotIn") errors.invalid(at.child("operator"), operator, "not a valid selector operator");
  else if (values?.length !== 1) {
    errors.required(at.child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
  }
  if (key !== "metadata.name") {
    errors.invalid(at.child("key"), key, "not a valid field selector key");
    return;
  }
  values?.forEach((value, i) => {
    invalidEach(errors, at.child("values").index(i), value, nameIsDNSSubdomain(value, false));
  });
}

function validatePodAffinity(affinity: PodAffinity, errors: FieldErrors, at: FieldPath): void {
  affinity[REQUIRED]?.forEach((term, i) => {
    validatePodAffinityTerm(term, errors, at.child(REQUIRED).index(i));
  });
  affinity[PREFERRED]?.forEach((weighted, i) => {
    const here = at.child(PREFERRED).index(i);
    validateWeight(weighted.weight, errors, here);
    validatePodAffinityTerm(weighted.podAffinityTerm, errors, here.child("podAffinityTerm"));
  });
}

function validatePodAffinityTerm(term: PodAffinityTerm, errors: FieldErrors, at: FieldPath): void {
  if (term.labelSelector) validateLabelSelector(term.labelSelector, errors, at.child("labelSelector"));
  if (term.namespaceSelector) validateLabelSelector(term.namespaceSelector, errors, at.child("namespaceSelector"));
  for (const namespace of term.namespaces ?? []) invalidEach(errors, at.child("namespace"), namespace, nameIsDNSLabel(namespace, false));
  validateMatchLabelKeys(term.matchLabelKeys, term.labelSelector, errors, at.child("matchLabelKeys"));
  validateMatchLabelKeys(term.mismatchLabelKeys, term.labelSelector, errors, at.child("mismatchLabelKeys"));
  if (term.labelSelector) validateKeysNotSelected(term, term.labelSelector, errors, at);
  if (!term.topologyKey) errors.required(at.child("topologyKey"), "can not be empty");
  labelName(errors, at.child("topologyKey"), term.topologyKey);
}

function validateMatchLabelKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!keys?.length) return;
  if (!selector) {
    errors.forbidden(at, "must not be specified when labelSelector is not set");
    return;
  }
  keys.forEach((key, i) => {
    invalidEach(errors, at.index(i), key, isQualifiedName(key));
  });
}

/**
 * The server folds match label keys into the selector on create, so a key may stand there once (an update of a created
 * pod); where the author selected by it as well it stands twice, and what was meant is unclear.
 */
function validateKeysNotSelected(term: PodAffinityTerm, selector: LabelSelector, errors: FieldErrors, at: FieldPath): void {
  const matching = term.matchLabelKeys ?? [];
  const mismatching = term.mismatchLabelKeys ?? [];
  if (matching.length === 0 && mismatching.length === 0) return;
  const seen = new Set(Object.keys(selector.matchLabels ?? {}));
  for (const { key } of selector.matchExpressions ?? []) {
    if (!seen.has(key)) seen.add(key);
    else if (matching.includes(key)) errors.invalid(at.index(matching.indexOf(key)), key, "exists in both matchLabelKeys and labelSelector");
    else if (mismatching.includes(key)) errors.invalid(at.index(mismatching.indexOf(key)), key, "exists in both mismatchLabelKeys and labelSelector");
  }
  matching.forEach((key, i) => {
    if (mismatching.includes(key)) errors.invalid(at.child("matchLabelKeys").index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys");
  });
}

const EFFECTS: readonly string[] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
const OPERATORS: readonly string[] = ["Equal", "Exists"];

export function validateTolerations(tolerations: readonly Toleration[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!tolerations) return;
  for (let i = 0; i < tolerations.length; i++) validateToleration(tolerations[i] as Toleration, errors, at.index(i));
}

function validateToleration(toleration: Toleration, errors: FieldErrors, at: FieldPath): void {
  const { key, operator, value, effect } = toleration;
  if (key) labelName(errors, at.child("key"), key);
  if (!key && operator !== "Exists") {
    errors.invalid(at.child("operator"), operator ?? "", 'operator must be Exists when `key` is empty, which means "match all values and all keys"');
  }
  if (toleration.tolerationSeconds !== undefined && effect !== "NoExecute") {
    errors.invalid(at.child("effect"), effect ?? "", "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
  if (!operator || operator === "Equal") invalidEach(errors, at.child("operator"), value ?? "", isValidLabelValue(value ?? ""));
  else if (operator === "Exists") {
    if (value) errors.invalid(at.child("operator"), value, "value must be empty when `operator` is 'Exists'");
  } else if (operator === "Lt" || operator === "Gt") unsupported(errors, at.child("operator"), operator, ["Equal", "Exists", "Lt", "Gt"]);
  else unsupported(errors, at.child("operator"), operator, OPERATORS);
  if (effect && !EFFECTS.includes(effect)) unsupported(errors, at.child("effect"), effect, EFFECTS);
}

const WHEN_UNSATISFIABLE: readonly string[] = ["DoNotSchedule", "ScheduleAnyway"];
const NODE_INCLUSION: readonly string[] = ["Honor", "Ignore"];

export function validateTopologySpreadConstraints(constraints: readonly TopologySpreadConstraint[] | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!constraints) return;
  for (let i = 0; i < constraints.length; i++) {
    const constraint = constraints[i] as TopologySpreadConstraint;
    const here = at.index(i);
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector, minDomains, matchLabelKeys } = constraint;
    if (maxSkew <= 0) errors.invalid(here.child("maxSkew"), maxSkew, "must be greater than zero");
    if (!topologyKey) errors.required(here.child("topologyKey"), "can not be empty");
    if (!WHEN_UNSATISFIABLE.includes(whenUnsatisfiable)) unsupported(errors, here.child("whenUnsatisfiable"), whenUnsatisfiable, WHEN_UNSATISFIABLE);
    const repeated = constraints.slice(i + 1).some((later) => later.topologyKey === topologyKey && later.whenUnsatisfiable === whenUnsatisfiable);
    if (repeated) errors.duplicate(here.child("{topologyKey, whenUnsatisfiable}"), `{${topologyKey}, ${whenUnsatisfiable}}`);
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.invalid(here.child("minDomains"), minDomains, "must be greater than zero");
      if (whenUnsatisfiable !== "DoNotSchedule") {
        errors.invalid(here.child("minDomains"), minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`);
      }
    }
    for (const field of ["nodeAffinityPolicy", "nodeTaintsPolicy"] as const) {
      const policy = constraint[field];
      if (policy !== undefined && !NODE_INCLUSION.includes(policy)) unsupported(errors, here.child(field), policy, NODE_INCLUSION);
    }
    validateSpreadKeys(matchLabelKeys, labelSelector, errors, here);
    if (labelSelector) validateLabelSelector(labelSelector, errors, here.child("labelSelector"));
  }
}

function validateSpreadKeys(keys: readonly string[] | undefined, selector: LabelSelector | undefined, errors: FieldErrors, owner: FieldPath): void {
  if (!keys?.length) return;
  const at = owner.child("matchLabelKeys");
  if (!selector) {
    errors.forbidden(at, "must not be specified when labelSelector is not set");
    return;
  }
  keys.forEach((key, i) => {
    invalidEach(errors, at.index(i), key, isQualifiedName(key));
  });
  const seen = new Set(Object.keys(selector.matchLabels ?? {}));
  for (const { key } of selector.matchExpressions ?? []) {
    if (seen.has(key) && keys.includes(key)) errors.invalid(owner.index(keys.indexOf(key)), key, "exists in both matchLabelKeys and labelSelector");
    seen.add(key);
  }
}

export function validateSchedulingGates(gates: readonly PodSchedulingGate[] | undefined, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  gates?.forEach(({ name }, i) => {
    labelName(errors, at.index(i), name);
    if (seen.has(name)) errors.duplicate(at.index(i), name);
    seen.add(name);
  });
}

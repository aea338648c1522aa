/** Rules on the replica counts in the status of ReplicationControllers and ReplicaSets. */
import { type FieldErrors, FieldPath } from "../../machinery/field.ts";
import { nonNegative } from "./checks.ts";

export interface ReplicaCounts {
  replicas?: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  terminatingReplicas?: number;
  observedGeneration?: number;
}

/** No count is negative, none exceeds the whole, and no more are available than are ready. */
export function validateReplicaCounts(status: ReplicaCounts, errors: FieldErrors): void {
  const at = FieldPath.of("status");
  const { replicas = 0, fullyLabeledReplicas = 0, readyReplicas = 0, availableReplicas = 0, terminatingReplicas, observedGeneration = 0 } = status;
  nonNegative(errors, at.child("replicas"), replicas);
  nonNegative(errors, at.child("fullyLabeledReplicas"), fullyLabeledReplicas);
  nonNegative(errors, at.child("readyReplicas"), readyReplicas);
  nonNegative(errors, at.child("availableReplicas"), availableReplicas);
  nonNegative(errors, at.child("observedGeneration"), observedGeneration);
  nonNegative(errors, at.child("terminatingReplicas"), terminatingReplicas);
  const whole = "cannot be greater than status.replicas";
  if (fullyLabeledReplicas > replicas) errors.invalid(at.child("fullyLabeledReplicas"), fullyLabeledReplicas, whole);
  if (readyReplicas > replicas) errors.invalid(at.child("readyReplicas"), readyReplicas, whole);
  if (availableReplicas > replicas) errors.invalid(at.child("availableReplicas"), availableReplicas, whole);
  if (availableReplicas > readyReplicas) errors.invalid(at.child("availableReplicas"), availableReplicas, "cannot be greater than readyReplicas");
}

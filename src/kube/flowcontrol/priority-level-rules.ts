/** What a PriorityLevelConfiguration may say. */
import { sameJson } from "../core/equality.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import type { LimitedPriorityLevelConfiguration, PriorityLevelConfiguration, QueuingConfiguration } from "../schema/generated/types/flowcontrol.v1.ts";

const TYPES = ["Exempt", "Limited"];
const RESPONSES = ["Queue", "Reject"];
const MAX_QUEUES = 10_000_000;
const MAX_HASH_BITS = 60;

export function validatePriorityLevel(object: PriorityLevelConfiguration, errors: FieldErrors, at: FieldPath): void {
  const specAt = at.child("spec");
  const { spec } = object;
  const name = object.metadata.name ?? "";
  if ((name === "exempt") !== (spec.type === "Exempt")) errors.invalid(specAt.child("type"), spec.type, "must be 'Exempt' if and only if `name` is 'exempt'");
  validateMandatory(object, errors, specAt);
  switch (spec.type) {
    case "Exempt":
      if (spec.limited) errors.forbidden(specAt.child("limited"), "must be nil if the type is not Limited");
      if (spec.exempt) {
        const { nominalConcurrencyShares: shares = 0, lendablePercent: lendable = 0 } = spec.exempt;
        if (shares < 0) errors.invalid(specAt.child("exempt", "nominalConcurrencyShares"), shares, "must be a non-negative integer");
        if (lendable < 0 || lendable > 100) errors.invalid(specAt.child("exempt", "lendablePercent"), lendable, "must be between 0 and 100, inclusive");
      }
      break;
    case "Limited":
      if (spec.exempt) errors.forbidden(specAt.child("exempt"), "must be nil if the type is Limited");
      if (!spec.limited) errors.required(specAt.child("limited"), "must not be empty when type is Limited");
      else validateLimited(spec.limited, errors, specAt.child("limited"));
      break;
    default:
      if (!spec.type) errors.required(specAt.child("type"));
      else errors.notSupported(specAt.child("type"), spec.type, TYPES);
  }
}

function validateMandatory(object: PriorityLevelConfiguration, errors: FieldErrors, at: FieldPath): void {
  if (object.metadata.name === "exempt" && (object.spec.type !== "Exempt" || object.spec.limited)) {
    errors.invalid(at, object.spec, "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value");
  }
  if (object.metadata.name !== "catch-all") return;
  const fixed = { type: "Limited", limited: { nominalConcurrencyShares: 5, limitResponse: { type: "Reject" }, lendablePercent: 0 } };
  if (!sameJson(object.spec, fixed)) errors.invalid(at, object.spec, "spec of 'catch-all' must equal the fixed value");
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, errors: FieldErrors, at: FieldPath): void {
  const shares = limited.nominalConcurrencyShares ?? 0;
  if (shares < 0) errors.invalid(at.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
  const responseAt = at.child("limitResponse");
  const response = limited.limitResponse;
  switch (response?.type) {
    case "Reject":
      if (response.queuing) errors.forbidden(responseAt.child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
      break;
    case "Queue":
      if (!response.queuing) errors.required(responseAt.child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
      else validateQueuing(response.queuing, errors, responseAt.child("queuing"));
      break;
    default:
      if (!response?.type) errors.required(responseAt.child("type"));
      else errors.notSupported(responseAt.child("type"), response.type, RESPONSES);
  }
  const lendable = limited.lendablePercent;
  if (lendable !== undefined && (lendable < 0 || lendable > 100)) errors.invalid(at.child("lendablePercent"), lendable, "must be between 0 and 100, inclusive");
  const borrowing = limited.borrowingLimitPercent;
  if (borrowing !== undefined && borrowing < 0) errors.invalid(at.child("borrowingLimitPercent"), borrowing, "if specified, must be a non-negative integer");
}

function validateQueuing(queuing: QueuingConfiguration, errors: FieldErrors, at: FieldPath): void {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  if (queueLengthLimit <= 0) errors.invalid(at.child("queueLengthLimit"), queueLengthLimit, "must be positive");
  if (queues <= 0) errors.invalid(at.child("queues"), queues, "must be positive");
  else if (queues > MAX_QUEUES) errors.invalid(at.child("queues"), queues, `must not be greater than ${MAX_QUEUES}`);
  if (handSize <= 0) {
    errors.invalid(at.child("handSize"), handSize, "must be positive");
  } else if (handSize > queues) {
    errors.invalid(at.child("handSize"), handSize, `should not be greater than queues (${queues})`);
  } else {
    const bits = entropyBits(queues, handSize);
    if (bits > MAX_HASH_BITS)
      errors.invalid(
        at.child("handSize"),
        handSize,
        `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${MAX_HASH_BITS}`,
      );
  }
}

/** How many bits of hash it takes to deal a hand (shuffle sharding). */
function entropyBits(deckSize: number, handSize: number): number {
  return Math.ceil(Math.log2(deckSize) * handSize);
}

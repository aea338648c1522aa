/** /scale: an autoscaling/v1 Scale over the replicas of any kind that declares where it keeps them. */

import { scale as scaleKind } from "../../kube/autoscaling/scale.ts";
import type { ScaleSubresource } from "../../kube/kind.ts";
import { serverSideApply } from "../../kube/machinery/apply.ts";
import { FieldErrors, FieldPath } from "../../kube/machinery/field.ts";
import { cloneJson } from "../../kube/machinery/json.ts";
import { selectorText } from "../../kube/machinery/label-selector.ts";
import { badRequest, internalError, invalid, noSuchResource } from "../../kube/machinery/status.ts";
import { isObject, type JsonObject, type KubeObject, type ManagedFieldsEntry } from "../../kube/object.ts";
import type { StoredObject } from "../store/types.ts";
import type { Outcome, WriteCall } from "../verbs/call.ts";
import { served } from "../verbs/convert.ts";
import { placeInNamespace } from "../verbs/create.ts";
import { updateObject } from "../verbs/update.ts";
import { parentEntries, scaleEntries } from "./scale-ownership.ts";

type Scale = KubeObject & { spec: { replicas?: number }; status: { replicas: number; selector?: string } };

function at(object: unknown, path: string): unknown {
  let value = object;
  for (const name of path.split(".").filter(Boolean)) value = isObject(value) ? value[name] : undefined;
  return value;
}

function setAt(object: JsonObject, path: string, value: unknown): void {
  const names = path.split(".").filter(Boolean);
  const last = names.pop();
  let member = object;
  for (const name of names) {
    const next = member[name];
    if (isObject(next)) member = next;
    else {
      const made: JsonObject = {};
      member[name] = made;
      member = made;
    }
  }
  if (last) member[last] = value;
}

function rulesOf(call: { kind: WriteCall["kind"] }): ScaleSubresource {
  const rules = call.kind.subresources?.scale;
  if (!rules) throw noSuchResource();
  return rules;
}

function selectorOf(object: KubeObject, path: string | undefined): string {
  if (!path) return "";
  const value = at(object, path);
  if (typeof value === "string") return value;
  if (!isObject(value)) return "";
  const labelSelector = "matchLabels" in value || "matchExpressions" in value || Object.values(value).some(isObject);
  return selectorText(labelSelector ? value : { matchLabels: value as { [key: string]: string } });
}

/** The Scale of an object, with the object's own metadata. */
export function scaleOf(call: Pick<WriteCall, "kind">, object: KubeObject): Scale {
  const rules = rulesOf(call);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const replicas = at(object, rules.spec);
  const status: Scale["status"] = { replicas: Number(at(object, rules.status) ?? 0) };
  const selector = selectorOf(object, rules.selector);
  if (selector) status.selector = selector;
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: typeof replicas === "number" && replicas !== 0 ? { replicas } : {},
    status,
  };
}

/** A GET of /scale. @throws StatusError 500 for a custom resource that says nothing of replicas. */
export function readScale(call: Pick<WriteCall, "kind">, object: KubeObject): Scale {
  const { spec } = rulesOf(call);
  if (call.kind.custom && at(object, spec) === undefined) throw internalError(`the spec replicas field ${JSON.stringify(spec)} does not exist`);
  return scaleOf(call, object);
}

/** Writes a Scale back: only spec.replicas counts. @throws StatusError 400, 409 or 422. */
export function updateScale(call: WriteCall, stored: StoredObject, wanted: KubeObject, isPatch: boolean, managedFields?: () => ManagedFieldsEntry[]): Outcome {
  const rules = rulesOf(call);
  if (wanted.metadata.name !== call.name)
    throw badRequest(`the name of the object (${wanted.metadata.name ?? ""}) does not match the name on the URL (${call.name})`);
  placeInNamespace(call, wanted);
  const replicas = (wanted as Scale).spec?.replicas ?? 0;
  const errors = new FieldErrors();
  // A custom resource's own validation says it.
  if (replicas < 0 && !call.kind.custom) errors.invalid(FieldPath.of("spec", "replicas"), replicas, "must be greater than or equal to 0");
  if (!errors.empty) throw invalid({ group: "autoscaling", kind: "Scale" }, call.name, errors.list);
  const object = cloneJson(served(call.kind, stored.object));
  setAt(object as unknown as JsonObject, rules.spec, replicas);
  if (wanted.metadata.resourceVersion) object.metadata.resourceVersion = wanted.metadata.resourceVersion;
  if (wanted.metadata.uid) object.metadata.uid = wanted.metadata.uid;
  const main = { ...call, subresource: "scale" };
  const outcome = updateObject(main, {
    object,
    stored,
    isPatch,
    managedFields,
    rules: {
      prepare: (next, old) => call.kind.prepareForUpdate?.(next, old, { now: call.now, user: call.user }),
      validate: (next, old, problems) => {
        call.kind.validate?.(next, problems, FieldPath.root);
        call.kind.validateUpdate?.(next, old, problems, FieldPath.root);
      },
    },
  });
  const updated = JSON.parse(String(outcome.body)) as KubeObject;
  return { status: outcome.status, body: scaleOf(call, updated) };
}

/** An apply to /scale. @throws StatusError 400, 409 for a field that another manager owns, 422. */
export function applyScale(call: WriteCall, stored: StoredObject, applied: JsonObject, force: boolean): Outcome {
  const path = rulesOf(call).spec;
  const parent = served(call.kind, stored.object);
  const scale = scaleOf(call, parent);
  const owned = parent.metadata.managedFields ?? [];
  scale.metadata.managedFields = scaleEntries(owned, path);
  const result = serverSideApply({
    live: scale,
    applied,
    structure: scaleKind.structure(),
    group: scaleKind.group,
    kind: scaleKind.kind,
    manager: call.fieldManager,
    force,
    apiVersion: scaleKind.apiVersion,
    subresource: "scale",
    now: call.now,
    resetFields: [],
  });
  return updateScale(call, stored, result.object, true, () => parentEntries(owned, result.managedFields, path, call.kind.apiVersion));
}

export { scaleKind };

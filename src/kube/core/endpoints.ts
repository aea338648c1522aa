/** Endpoints (v1, deprecated for EndpointSlice): the addresses behind a Service. */
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isQualifiedName, isValidIPForLegacyField, isValidPortNum } from "../machinery/names.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints } from "../schema/generated/types/core.v1.ts";
import { sameJson } from "./equality.ts";
import { specialAddressProblems } from "./ip.ts";
import { ipWarnings } from "./ip-warnings.ts";
import { AGE, ageCell, column, firstThree, NAME, nameCell } from "./table.ts";

const PROTOCOLS = ["SCTP", "TCP", "UDP"];

export const endpoints = defineKind<Endpoints>({
  group: "",
  version: "v1",
  kind: "Endpoints",
  plural: "endpoints",
  shortNames: ["ep"],
  scope: "Namespaced",
  allowCreateOnUpdate: true,
  applyDefaults(object) {
    for (const subset of object.subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
  },
  validate: (object, errors, at) => validateSubsets(object, undefined, errors, at),
  validatesOnUpdate: false,
  validateUpdate: (object, old, errors, at) => validateSubsets(object, old, errors, at),
  deprecation: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  warnings: addressWarnings,
  columns: [NAME, column("Endpoints"), AGE],
  cells: (object, now) => [nameCell(object), endpointsCell(object), ageCell(object, now)],
});

function addressWarnings(object: Endpoints): string[] {
  const warnings: string[] = [];
  for (const [i, subset] of (object.subsets ?? []).entries()) {
    for (const [k, address] of (subset.addresses ?? []).entries()) warnings.push(...ipWarnings(`subsets[${i}].addresses[${k}].ip`, address.ip));
    for (const [k, address] of (subset.notReadyAddresses ?? []).entries()) warnings.push(...ipWarnings(`subsets[${i}].notReadyAddresses[${k}].ip`, address.ip));
  }
  return warnings;
}

function endpointsCell(object: Endpoints): string {
  const subsets = object.subsets ?? [];
  if (subsets.length === 0) return "<none>";
  const shown: string[] = [];
  for (const subset of subsets) {
    const addresses = subset.addresses ?? [];
    if (!subset.ports?.length) shown.push(...addresses.map((address) => address.ip));
    for (const port of subset.ports ?? []) shown.push(...addresses.map((address) => hostPort(address.ip, port.port)));
  }
  return firstThree(shown);
}

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function validateSubsets(object: Endpoints, old: Endpoints | undefined, errors: FieldErrors, at: FieldPath): void {
  if (old && sameJson(old.subsets, object.subsets)) return;
  const known = new Set(
    (old?.subsets ?? []).flatMap((subset) => [...(subset.addresses ?? []), ...(subset.notReadyAddresses ?? [])].map((address) => address.ip)),
  );
  for (const [i, subset] of (object.subsets ?? []).entries()) validateSubset(subset, known, errors, at.child("subsets").index(i));
}

function validateSubset(subset: EndpointSubset, known: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  if (!subset.addresses?.length && !subset.notReadyAddresses?.length) errors.required(at, "must specify `addresses` or `notReadyAddresses`");
  for (const [i, address] of (subset.addresses ?? []).entries()) validateAddress(address, known, errors, at.child("addresses").index(i));
  for (const [i, address] of (subset.notReadyAddresses ?? []).entries()) validateAddress(address, known, errors, at.child("notReadyAddresses").index(i));
  const ports = subset.ports ?? [];
  for (const [i, port] of ports.entries()) validatePort(port, ports.length > 1, errors, at.child("ports").index(i));
}

function validateAddress(address: EndpointAddress, known: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  if (!known.has(address.ip)) for (const problem of isValidIPForLegacyField(address.ip)) errors.invalid(at.child("ip"), address.ip, problem);
  if (address.hostname) for (const problem of isDNS1123Label(address.hostname)) errors.invalid(at.child("hostname"), address.hostname, problem);
  for (const problem of specialAddressProblems(address.ip)) errors.invalid(at.child("ip"), address.ip, problem);
}

function validatePort(port: EndpointPort, requireName: boolean, errors: FieldErrors, at: FieldPath): void {
  if (requireName && !port.name) errors.required(at.child("name"));
  else if (port.name) for (const problem of isDNS1123Label(port.name)) errors.invalid(at.child("name"), port.name, problem);
  for (const problem of isValidPortNum(port.port ?? 0)) errors.invalid(at.child("port"), port.port ?? 0, problem);
  if (!port.protocol) errors.required(at.child("protocol"));
  else if (!PROTOCOLS.includes(port.protocol)) errors.notSupported(at.child("protocol"), port.protocol, PROTOCOLS);
  if (port.appProtocol) for (const problem of isQualifiedName(port.appProtocol)) errors.invalid(at.child("appProtocol"), port.appProtocol, problem);
}

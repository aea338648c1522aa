/** EndpointSlice (discovery.k8s.io/v1): a part of the endpoints of a Service. */
import { sameJson } from "../core/equality.ts";
import { familyOf, specialAddressProblems } from "../core/ip.ts";
import { AGE, ageCell, column, firstThree, NAME, nameCell } from "../core/table.ts";
import { defineKind } from "../define.ts";
import type { FieldErrors, FieldPath } from "../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain, isQualifiedName, isValidIP, isValidLabelValue, isValidPortNum } from "../machinery/names.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../schema/generated/types/discovery.v1.ts";

const ADDRESS_TYPES = ["FQDN", "IPv4", "IPv6"];
const PROTOCOLS = ["SCTP", "TCP", "UDP"];
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;
const MAX_PORTS = 20000;
const MAX_HINTS = 8;

export const endpointSlice = defineKind<EndpointSlice>({
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  scope: "Namespaced",
  generation: (object, old) => !sameJson(contentOf(object), contentOf(old)),
  applyDefaults(object) {
    for (const port of object.ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  prepareForCreate(object) {
    for (const endpoint of object.endpoints ?? []) delete endpoint.deprecatedTopology;
  },
  validate: (object, errors, at) => validateSlice(object, undefined, errors, at),
  validatesOnUpdate: false,
  validateUpdate(object, old, errors, at) {
    validateSlice(object, old, errors, at);
    if (object.addressType !== old.addressType) errors.invalid(at.child("addressType"), object.addressType, "field is immutable");
  },
  columns: [NAME, column("AddressType"), column("Ports"), column("Endpoints"), AGE],
  cells: (object, now) => [
    nameCell(object),
    object.addressType,
    firstThree((object.ports ?? []).map((port) => (port.port === undefined ? (port.name ?? "*") : String(port.port)))) || "<unset>",
    firstThree((object.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? [])) || "<unset>",
    ageCell(object, now),
  ],
});

/** All that is not metadata of the server's: what generation counts changes of. */
function contentOf(object: EndpointSlice): unknown {
  const { labels, annotations, finalizers, ownerReferences, deletionTimestamp } = object.metadata;
  return {
    labels,
    annotations,
    finalizers,
    ownerReferences,
    deletionTimestamp,
    addressType: object.addressType,
    endpoints: object.endpoints,
    ports: object.ports,
  };
}

function validateSlice(object: EndpointSlice, old: EndpointSlice | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!object.addressType) errors.required(at.child("addressType"));
  else if (!ADDRESS_TYPES.includes(object.addressType)) errors.notSupported(at.child("addressType"), object.addressType, ADDRESS_TYPES);
  const known = new Set((old?.endpoints ?? []).flatMap((endpoint) => endpoint.addresses ?? []));
  const endpoints = object.endpoints ?? [];
  if (endpoints.length > MAX_ENDPOINTS) errors.tooMany(at.child("endpoints"), endpoints.length, MAX_ENDPOINTS);
  else for (const [i, endpoint] of endpoints.entries()) validateEndpoint(endpoint, object.addressType, known, errors, at.child("endpoints").index(i));
  validatePorts(object.ports ?? [], errors, at.child("ports"));
}

function validateEndpoint(endpoint: Endpoint, type: string, known: ReadonlySet<string>, errors: FieldErrors, at: FieldPath): void {
  const addresses = endpoint.addresses ?? [];
  const addressesAt = at.child("addresses");
  if (addresses.length === 0) errors.required(addressesAt, "must contain at least 1 address");
  else if (addresses.length > MAX_ADDRESSES) errors.tooMany(addressesAt, addresses.length, MAX_ADDRESSES);
  for (const [i, address] of addresses.entries()) {
    if (known.has(address)) continue;
    for (const problem of addressProblems(address, type)) errors.invalid(addressesAt.index(i), address, problem);
    const family = familyOf(address);
    if ((type === "IPv4" || type === "IPv6") && family && isValidIP(address).length === 0 && family !== type)
      errors.invalid(addressesAt, address, `must be an ${type} address`);
  }
  if (endpoint.nodeName !== undefined)
    for (const problem of isDNS1123Subdomain(endpoint.nodeName)) errors.invalid(at.child("nodeName"), endpoint.nodeName, problem);
  const topology = endpoint.deprecatedTopology ?? {};
  if (Object.keys(topology).length > 16) errors.tooMany(at.child("deprecatedTopology"), Object.keys(topology).length, 16);
  for (const [key, value] of Object.entries(topology)) {
    for (const problem of isQualifiedName(key)) errors.invalid(at.child("deprecatedTopology"), key, problem);
    for (const problem of isValidLabelValue(value)) errors.invalid(at.child("deprecatedTopology"), value, problem);
  }
  if (endpoint.hostname !== undefined)
    for (const problem of isDNS1123Label(endpoint.hostname)) errors.invalid(at.child("hostname"), endpoint.hostname, problem);
  if (endpoint.hints) validateHints(endpoint.hints, errors, at.child("hints"));
}

function addressProblems(address: string, type: string): string[] {
  if (type === "FQDN") return isDNS1123Subdomain(address);
  if (type !== "IPv4" && type !== "IPv6") return [];
  const problems = isValidIP(address);
  if (problems.length === 0 && familyOf(address) === type) problems.push(...specialAddressProblems(address));
  return problems;
}

function validateHints(hints: NonNullable<Endpoint["hints"]>, errors: FieldErrors, at: FieldPath): void {
  const check = (field: "forZones" | "forNodes", problemsOf: (name: string) => string[]) => {
    const list = hints[field] ?? [];
    const listAt = at.child(field);
    if (list.length > MAX_HINTS) {
      errors.tooMany(listAt, list.length, MAX_HINTS);
      return;
    }
    const seen = new Set<string>();
    for (const [i, { name }] of list.entries()) {
      if (seen.has(name)) errors.duplicate(listAt.index(i).child("name"), name);
      seen.add(name);
      for (const problem of problemsOf(name)) errors.invalid(listAt.index(i).child("name"), name, problem);
    }
  };
  check("forZones", isValidLabelValue);
  check("forNodes", isDNS1123Subdomain);
}

function validatePorts(ports: readonly EndpointPort[], errors: FieldErrors, at: FieldPath): void {
  if (ports.length > MAX_PORTS) {
    errors.tooMany(at, ports.length, MAX_PORTS);
    return;
  }
  const names = new Set<string>();
  for (const [i, port] of ports.entries()) {
    const portAt = at.index(i);
    const name = port.name ?? "";
    if (name) for (const problem of isDNS1123Label(name)) errors.invalid(portAt.child("name"), name, problem);
    if (names.has(name)) errors.duplicate(portAt.child("name"), name);
    names.add(name);
    if (port.protocol === undefined) errors.required(portAt.child("protocol"));
    else if (!PROTOCOLS.includes(port.protocol)) errors.notSupported(portAt.child("protocol"), port.protocol, PROTOCOLS);
    if (port.port) for (const problem of isValidPortNum(port.port)) errors.invalid(portAt.child("port"), port.port, problem);
    if (port.appProtocol !== undefined)
      for (const problem of isQualifiedName(port.appProtocol)) errors.invalid(portAt.child("appProtocol"), port.appProtocol, problem);
  }
}

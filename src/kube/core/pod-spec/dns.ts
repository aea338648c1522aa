/** A pod's host name, its DNS and its /etc/hosts. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { isDNS1123Label, isDNS1123Subdomain, isDNS1123SubdomainWithUnderscore, isValidIPForLegacyField } from "../../machinery/names.ts";
import type { PodDNSConfig, PodSpec } from "../../schema/generated/types/core.v1.ts";
import { invalidEach, unsupported } from "./checks.ts";

const POLICIES: readonly string[] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
const MAX_NAMESERVERS = 3;
const MAX_SEARCH_PATHS = 32;
const MAX_SEARCH_CHARACTERS = 2048;

export function validateDNSPolicy(policy: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (!policy) errors.required(at);
  else if (!POLICIES.includes(policy)) unsupported(errors, at, policy, POLICIES);
}

export function validateDNSConfig(config: PodDNSConfig | undefined, policy: string | undefined, errors: FieldErrors, at: FieldPath): void {
  if (policy === "None") {
    if (!config) {
      errors.required(at, "must provide `dnsConfig` when `dnsPolicy` is None");
      return;
    }
    if (!config.nameservers?.length) {
      errors.required(at.child("nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None");
      return;
    }
  }
  if (!config) return;
  const { nameservers = [], searches = [], options = [] } = config;
  if (nameservers.length > MAX_NAMESERVERS) errors.invalid(at.child("nameservers"), nameservers, `must not have more than ${MAX_NAMESERVERS} nameservers`);
  nameservers.forEach((address, i) => {
    invalidEach(errors, at.child("nameservers").index(i), address, isValidIPForLegacyField(address));
  });
  if (searches.length > MAX_SEARCH_PATHS) errors.invalid(at.child("searches"), searches, `must not have more than ${MAX_SEARCH_PATHS} search paths`);
  if (searches.join(" ").length > MAX_SEARCH_CHARACTERS) {
    errors.invalid(at.child("searches"), searches, `must not have more than ${MAX_SEARCH_CHARACTERS} characters (including spaces) in the search list`);
  }
  searches.forEach((search, i) => {
    if (search === ".") return;
    const domain = search.endsWith(".") ? search.slice(0, -1) : search;
    invalidEach(errors, at.child("searches").index(i), search, isDNS1123SubdomainWithUnderscore(domain));
  });
  options.forEach((option, i) => {
    if (!option.name) errors.required(at.child("options").index(i), "must not be empty");
  });
}

export function validateHostnames(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (spec.hostname) invalidEach(errors, at.child("hostname"), spec.hostname, isDNS1123Label(spec.hostname));
  if (spec.subdomain) invalidEach(errors, at.child("subdomain"), spec.subdomain, isDNS1123Label(spec.subdomain));
}

export function validateHostnameOverride(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const name = spec.hostnameOverride;
  if (name === undefined) return;
  const here = at.child("hostnameOverride");
  if (spec.hostNetwork) errors.forbidden(here, "may not be specified when hostNetwork is true");
  if (spec.setHostnameAsFQDN) errors.forbidden(here, "may not be specified when setHostnameAsFQDN is true");
  invalidEach(errors, here, name, isDNS1123Subdomain(name));
  if (name.length > 64) errors.tooLong(here, 64);
}

export function validateHostAliases(aliases: PodSpec["hostAliases"], errors: FieldErrors, at: FieldPath): void {
  aliases?.forEach((alias, i) => {
    invalidEach(errors, at.index(i).child("ip"), alias.ip, isValidIPForLegacyField(alias.ip));
    alias.hostnames?.forEach((name, h) => {
      invalidEach(errors, at.index(i).child("hostnames").index(h), name, isDNS1123Subdomain(name));
    });
  });
}

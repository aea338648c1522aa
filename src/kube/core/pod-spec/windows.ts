/** Windows' options of security contexts, and what a pod may say when it names its operating system. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import { nameIsDNSSubdomain } from "../../machinery/names.ts";
import type { Container, PodSpec, WindowsSecurityContextOptions } from "../../schema/generated/types/core.v1.ts";
import { invalidEach } from "./checks.ts";

const MAX_CREDENTIAL_SPEC_BYTES = 64 * 1024;
const CONTROL = /\p{Cc}/u;
const NETBIOS_DOMAIN = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_DOMAIN = /^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(\.([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*$/;
const USER_FORBIDDEN = /["/\\:;|=,+*?<>@[\]]/;
const ONLY_PERIODS = /^[. ]+$/;

export function validateWindowsOptions(options: WindowsSecurityContextOptions, errors: FieldErrors, at: FieldPath): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    invalidEach(errors, at.child("gmsaCredentialSpecName"), gmsaCredentialSpecName, nameIsDNSSubdomain(gmsaCredentialSpecName, false));
  }
  if (gmsaCredentialSpec !== undefined) {
    const here = at.child("gmsaCredentialSpec");
    if (gmsaCredentialSpec.length === 0) errors.invalid(here, gmsaCredentialSpec, "gmsaCredentialSpec cannot be an empty string");
    else if (gmsaCredentialSpec.length > MAX_CREDENTIAL_SPEC_BYTES) {
      errors.invalid(here, gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${MAX_CREDENTIAL_SPEC_BYTES / 1024} KiB`);
    }
  }
  if (runAsUserName !== undefined) validateUserName(runAsUserName, errors, at.child("runAsUserName"));
}

/** `DOMAIN\user`, the domain optional; limits of NetBIOS, DNS and Windows accounts. */
function validateUserName(text: string, errors: FieldErrors, at: FieldPath): void {
  const parts = text.split("\\");
  if (text.length === 0) {
    errors.invalid(at, text, "runAsUserName cannot be an empty string");
    return;
  }
  if (CONTROL.test(text)) {
    // Upstream shows what a pointer points to as JSON, not quoted as Go quotes text.
    errors.invalid(at, { toJSON: () => text }, "runAsUserName cannot contain control characters");
    return;
  }
  if (parts.length > 2) {
    errors.invalid(at, text, "runAsUserName cannot contain more than one backslash");
    return;
  }
  const user = parts.at(-1) as string;
  if (parts.length === 2) {
    const domain = parts[0] as string;
    if (domain.length >= 256) errors.invalid(at, text, "runAsUserName's Domain length must be under 256 characters");
    if (!NETBIOS_DOMAIN.test(domain) && !(domain.length <= 255 && DNS_DOMAIN.test(domain))) {
      errors.invalid(at, text, "runAsUserName's Domain doesn't match the NetBios nor the DNS format");
    }
  }
  if (user.length === 0) errors.invalid(at, text, "runAsUserName's User cannot be empty");
  else if (user.length > 104) errors.invalid(at, text, "runAsUserName's User length must not be longer than 104 characters");
  if (ONLY_PERIODS.test(user)) errors.invalid(at, text, "runAsUserName's User cannot contain only periods or spaces");
  if (USER_FORBIDDEN.test(user)) errors.invalid(at, text, `runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
}

/** HostProcess pods (KEP-1981): all containers or none, on the host's network. */
export function validateHostProcess(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const podWants = spec.securityContext?.windowsOptions?.hostProcess;
  let some = podWants === true;
  let all = true;
  for (const [field, containers] of [
    ["containers", spec.containers ?? []],
    ["initContainers", spec.initContainers ?? []],
  ] as const) {
    containers.forEach((container: Container, i) => {
      const wants = container.securityContext?.windowsOptions?.hostProcess;
      if (podWants !== undefined && wants !== undefined && wants !== podWants) {
        const here = at.child(field).index(i).child("securityContext", "windowsOptions", "hostProcess");
        errors.invalid(here, wants, `pod hostProcess value must be identical if both are specified, was ${podWants}`);
      }
      const effective = wants ?? podWants ?? false;
      if (effective) some = true;
      else all = false;
    });
  }
  if (!some) return;
  if (!all) errors.invalid(at, "", "If pod contains any hostProcess containers then all containers must be HostProcess containers");
  if (!spec.hostNetwork) errors.invalid(at.child("hostNetwork"), false, "hostNetwork must be true if pod contains any hostProcess containers");
}

/** What a pod for one operating system may not ask for. */
export function validateOperatingSystem(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  if (spec.os?.name === "linux") validateLinux(spec, errors, at);
  else if (spec.os?.name === "windows") validateWindows(spec, errors, at);
}

function validateLinux(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const detail = "windows options cannot be set for a linux pod";
  if (spec.securityContext?.windowsOptions) errors.forbidden(at.child("securityContext", "windowsOptions"), detail);
  eachContainer(spec, at, (container, here) => {
    if (container.securityContext?.windowsOptions) errors.forbidden(here.child("securityContext", "windowsOptions"), detail);
  });
}

const POD_FIELDS_OF_LINUX = [
  "appArmorProfile",
  "seLinuxOptions",
  "hostUsers",
  "hostPID",
  "hostIPC",
  "seccompProfile",
  "fsGroup",
  "fsGroupChangePolicy",
  "sysctls",
  "shareProcessNamespace",
  "runAsUser",
  "runAsGroup",
  "supplementalGroups",
  "supplementalGroupsPolicy",
  "seLinuxChangePolicy",
] as const;
const ON_SPEC: ReadonlySet<string> = new Set(["hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"]);
const CONTAINER_FIELDS_OF_LINUX = [
  "appArmorProfile",
  "seLinuxOptions",
  "seccompProfile",
  "capabilities",
  "readOnlyRootFilesystem",
  "privileged",
  "allowPrivilegeEscalation",
  "procMount",
  "runAsUser",
  "runAsGroup",
] as const;

function validateWindows(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const detail = "cannot be set for a windows pod";
  const context = (spec.securityContext ?? {}) as Readonly<Record<string, unknown>>;
  const fields = spec as unknown as Readonly<Record<string, unknown>>;
  for (const field of POD_FIELDS_OF_LINUX) {
    if (ON_SPEC.has(field)) {
      if (fields[field] === true || (field === "hostUsers" && fields[field] === false)) errors.forbidden(at.child(field), detail);
    } else if (context[field] !== undefined) errors.forbidden(at.child("securityContext", field), detail);
  }
  eachContainer(spec, at, (container, here) => {
    const own = (container.securityContext ?? {}) as Readonly<Record<string, unknown>>;
    for (const field of CONTAINER_FIELDS_OF_LINUX) if (own[field] !== undefined) errors.forbidden(here.child("securityContext", field), detail);
  });
}

function eachContainer(spec: PodSpec, at: FieldPath, visit: (container: Pick<Container, "securityContext">, at: FieldPath) => void): void {
  spec.initContainers?.forEach((container, i) => {
    visit(container, at.child("initContainers").index(i));
  });
  spec.containers?.forEach((container, i) => {
    visit(container, at.child("containers").index(i));
  });
  spec.ephemeralContainers?.forEach((container, i) => {
    visit(container, at.child("ephemeralContainers").index(i));
  });
}

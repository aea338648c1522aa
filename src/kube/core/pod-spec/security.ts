/** Security contexts of pods and containers on Linux; Windows' own options are in windows.ts. */
import type { FieldErrors, FieldPath } from "../../machinery/field.ts";
import type { AppArmorProfile, Container, EphemeralContainer, PodSpec, SeccompProfile, SecurityContext, Sysctl } from "../../schema/generated/types/core.v1.ts";
import { localPath, unixId, unsupported } from "./checks.ts";
import { validateWindowsOptions } from "./windows.ts";

const PROFILE_TYPES: readonly string[] = ["Localhost", "RuntimeDefault", "Unconfined"];
const SYSCTL_PATTERN = "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";
const SYSCTL = new RegExp(SYSCTL_PATTERN);

/** `at` is the path of the PodSpec. */
export function validatePodSecurityContext(spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const context = spec.securityContext;
  if (!context) return;
  const here = at.child("securityContext");
  unixId(errors, here.child("fsGroup"), context.fsGroup);
  unixId(errors, here.child("runAsUser"), context.runAsUser);
  unixId(errors, here.child("runAsGroup"), context.runAsGroup);
  context.supplementalGroups?.forEach((group, i) => {
    unixId(errors, here.child("supplementalGroups").index(i), group);
  });
  if (spec.shareProcessNamespace && spec.hostPID) {
    errors.invalid(here.child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
  }
  if (context.sysctls) validateSysctls(context.sysctls, spec, errors, here.child("sysctls"));
  oneOf(context.fsGroupChangePolicy, ["Always", "OnRootMismatch"], errors, here.child("fsGroupChangePolicy"));
  if (context.seccompProfile) validateSeccompProfile(context.seccompProfile, errors, here.child("seccompProfile"));
  if (context.windowsOptions) validateWindowsOptions(context.windowsOptions, errors, here.child("windowsOptions"));
  if (context.appArmorProfile) validateAppArmorProfile(context.appArmorProfile, errors, here.child("appArmorProfile"));
  oneOf(context.supplementalGroupsPolicy, ["Merge", "Strict"], errors, here.child("supplementalGroupsPolicy"));
  oneOf(context.seLinuxChangePolicy, ["Recursive"], errors, here.child("seLinuxChangePolicy"));
}

function oneOf(value: string | undefined, supported: readonly string[], errors: FieldErrors, at: FieldPath): void {
  if (value !== undefined && !supported.includes(value)) unsupported(errors, at, value, supported);
}

function validateSysctls(sysctls: readonly Sysctl[], spec: PodSpec, errors: FieldErrors, at: FieldPath): void {
  const seen = new Set<string>();
  sysctls.forEach(({ name }, i) => {
    const here = at.index(i).child("name");
    if (!name) errors.required(here);
    else if (name.length > 253 || !SYSCTL.test(name)) errors.invalid(here, name, `must have at most 253 characters and match regex ${SYSCTL_PATTERN}`);
    else if (seen.has(name)) errors.duplicate(here, name);
    const dotted = dottedSysctl(name);
    if (spec.hostNetwork && dotted.startsWith("net.")) errors.invalid(here, name, "may not be specified when 'hostNetwork' is true");
    if (spec.hostIPC && isIPCSysctl(dotted)) errors.invalid(here, name, "may not be specified when 'hostIPC' is true");
    seen.add(name);
  });
}

/** sysctl(8) takes `a/b.c` for `a.b/c`: whichever separator stands first is the separator. */
function dottedSysctl(name: string): string {
  const slash = name.indexOf("/");
  if (slash < 0 || (name.includes(".") && name.indexOf(".") < slash)) return name;
  return name.replace(/[./]/g, (separator) => (separator === "/" ? "." : "/"));
}

function isIPCSysctl(name: string): boolean {
  return name === "kernel.sem" || name.startsWith("kernel.shm") || name.startsWith("kernel.msg") || name.startsWith("fs.mqueue.");
}

function validateSeccompProfile(profile: SeccompProfile, errors: FieldErrors, at: FieldPath): void {
  const here = at.child("localhostProfile");
  if (profile.type === "Localhost") {
    if (profile.localhostProfile === undefined) errors.required(here, "must be set when seccomp type is Localhost");
    else localPath(errors, here, profile.localhostProfile);
  } else if (profile.localhostProfile !== undefined) {
    errors.invalid(here, internalProfile(profile), "can only be set when seccomp type is Localhost");
  }
  if (!profile.type) errors.required(at.child("type"), "type is required when seccompProfile is set");
  else if (!PROFILE_TYPES.includes(profile.type)) unsupported(errors, at.child("type"), profile.type, PROFILE_TYPES);
}

function validateAppArmorProfile(profile: AppArmorProfile, errors: FieldErrors, at: FieldPath): void {
  const here = at.child("localhostProfile");
  const { type, localhostProfile: path } = profile;
  if (type === "Localhost") {
    if (path === undefined) errors.required(here, "must be set when AppArmor type is Localhost");
    else {
      const trimmed = path.trim();
      if (trimmed !== path) errors.invalid(here, path, "must not be padded with whitespace");
      else if (trimmed === "") errors.required(here, "must be set when AppArmor type is Localhost");
      if (path.length > 4095) errors.tooLong(here, 4095);
    }
  } else if (path !== undefined) errors.invalid(here, path, "can only be set when AppArmor type is Localhost");
  if (!type) errors.required(at.child("type"), "type is required when appArmorProfile is set");
  else if (!PROFILE_TYPES.includes(type)) unsupported(errors, at.child("type"), type, PROFILE_TYPES);
}

export function validateSecurityContext(container: Container | EphemeralContainer, hostUsers: boolean, errors: FieldErrors, at: FieldPath): void {
  const context = container.securityContext;
  if (!context) return;
  unixId(errors, at.child("runAsUser"), context.runAsUser);
  unixId(errors, at.child("runAsGroup"), context.runAsGroup);
  if (context.procMount !== undefined) {
    oneOf(context.procMount, ["Default", "Unmasked"], errors, at.child("procMount"));
    if (hostUsers && context.procMount === "Unmasked") errors.invalid(at.child("procMount"), context.procMount, "`hostUsers` must be false to use `Unmasked`");
  }
  if (context.seccompProfile) validateSeccompProfile(context.seccompProfile, errors, at.child("seccompProfile"));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) errors.invalid(at, internalContext(context), "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    if (context.capabilities?.add?.includes("CAP_SYS_ADMIN")) {
      errors.invalid(at, internalContext(context), "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
  }
  if (context.windowsOptions) validateWindowsOptions(context.windowsOptions, errors, at.child("windowsOptions"));
  if (context.appArmorProfile) validateAppArmorProfile(context.appArmorProfile, errors, at.child("appArmorProfile"));
}

/** Upstream shows whole structs in errors by the names of its internal type, every field present. */
function internalContext(context: SecurityContext): object {
  const { seLinuxOptions: selinux, windowsOptions: windows, capabilities } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: selinux ? { User: selinux.user ?? "", Role: selinux.role ?? "", Type: selinux.type ?? "", Level: selinux.level ?? "" } : null,
    WindowsOptions: windows
      ? {
          GMSACredentialSpecName: windows.gmsaCredentialSpecName ?? null,
          GMSACredentialSpec: windows.gmsaCredentialSpec ?? null,
          RunAsUserName: windows.runAsUserName ?? null,
          HostProcess: windows.hostProcess ?? null,
        }
      : null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ? internalProfile(context.seccompProfile) : null,
    AppArmorProfile: context.appArmorProfile ? internalProfile(context.appArmorProfile) : null,
  };
}

function internalProfile(profile: SeccompProfile | AppArmorProfile): object {
  return { Type: profile.type, LocalhostProfile: profile.localhostProfile ?? null };
}

/**
 * Real kubectl binaries to test with, out of Debian packages: fetched through apt with a source list of our own,
 * derived from the machine's, and kept under ~/.cache/perigee. The machine's own lists are never touched.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export type Kubectl = { path: string; version: string } | { missing: string };

const cache = process.env.PERIGEE_KUBECTL_CACHE ?? join(homedir(), ".cache", "perigee", "kubectl");
/** Debian has packed kubectl under either name. */
const PACKAGES = ["kubectl", "kubernetes-client"];

/** kubectl of a Debian suite ("sid", "trixie"); `missing` says why there is none. */
export function debianKubectl(suite: string): Kubectl {
  const path = join(cache, suite, "kubectl");
  try {
    if (!existsSync(path)) fetchKubectl(suite, path);
    const version: { clientVersion: { gitVersion: string } } = JSON.parse(execFileSync(path, ["version", "--client", "-o", "json"], { encoding: "utf8" }));
    return { path, version: version.clientVersion.gitVersion };
  } catch (error) {
    const said = error instanceof Error ? error.message.split("\n").filter((line) => !line.startsWith("Command failed")) : [String(error)];
    return { missing: `kubectl of Debian ${suite} cannot be had: ${said.slice(0, 2).join(" ")}` };
  }
}

function fetchKubectl(suite: string, path: string): void {
  const sources = debianSources(suite);
  if (sources === undefined) throw new Error("the machine's apt has no Debian source to derive one from");
  const work = join(cache, suite, "apt");
  rmSync(work, { recursive: true, force: true });
  for (const folder of ["lists/partial", "archives/partial", "root"]) mkdirSync(join(work, folder), { recursive: true });
  const list = join(work, "perigee.sources");
  writeFileSync(list, sources);
  const settings = [
    `Dir::Etc::sourcelist=${list}`,
    "Dir::Etc::sourceparts=-",
    `Dir::State::lists=${join(work, "lists")}`,
    `Dir::Cache::archives=${join(work, "archives")}`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
    "APT::Sandbox::User=root",
    "Acquire::Retries=2",
  ].flatMap((setting) => ["-o", setting]);
  const run = (program: string, args: string[]) =>
    execFileSync(program, args, { cwd: work, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 180_000 });
  run("apt-get", [...settings, "update"]);
  const wanted = PACKAGES.find((name) => run("apt-cache", [...settings, "madison", name]).includes("|"));
  if (!wanted) throw new Error(`no package of ${PACKAGES.join(", ")} in ${suite}`);
  run("apt-get", [...settings, "download", `${wanted}/${suite}`]);
  const archive = readdirSync(work).find((name) => name.endsWith(".deb"));
  if (!archive) throw new Error(`apt-get download ${wanted} left no package`);
  run("dpkg", ["-x", archive, "root"]);
  renameSync(join(work, "root/usr/bin/kubectl"), path);
  rmSync(work, { recursive: true, force: true });
}

/** The machine's main Debian source with another suite, in apt's deb822 form. */
function debianSources(suite: string): string | undefined {
  const folder = "/etc/apt";
  const parts = existsSync(join(folder, "sources.list.d"))
    ? readdirSync(join(folder, "sources.list.d")).map((name) => join(folder, "sources.list.d", name))
    : [];
  for (const file of [join(folder, "sources.list"), ...parts]) {
    if (!existsSync(file)) continue;
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".sources")) {
      for (const stanza of text.split(/\n\s*\n/)) {
        const uri = /^URIs:\s*(\S+\/debian)\/?\s*$/m.exec(stanza)?.[1];
        if (uri) return stanzaFor(uri, suite, /^Signed-By:\s*(\S+)\s*$/m.exec(stanza)?.[1]);
      }
    } else if (file.endsWith(".list")) {
      const line = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+\/debian)\/?\s/m.exec(text);
      if (line?.[2]) return stanzaFor(line[2], suite, /signed-by=(\S+)/.exec(line[1] ?? "")?.[1]);
    }
  }
  return undefined;
}

function stanzaFor(uri: string, suite: string, signedBy: string | undefined): string {
  return [`Types: deb`, `URIs: ${uri}`, `Suites: ${suite}`, `Components: main`, ...(signedBy ? [`Signed-By: ${signedBy}`] : []), ""].join("\n");
}

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs kubectl with a kubeconfig of its own and an empty discovery cache folder per kubeconfig. */
export async function runKubectl(path: string, kubeconfig: string, args: readonly string[], input?: string): Promise<Output> {
  const child = promisify(execFile)(path, ["--kubeconfig", kubeconfig, "--cache-dir", `${kubeconfig}.cache`, ...args], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    timeout: 50_000,
    env: { ...process.env, KUBE_EDITOR: "true", HOME: process.env.HOME ?? "/tmp" },
  });
  child.child.stdin?.end(input ?? "");
  try {
    return { code: 0, ...(await child) };
  } catch (error) {
    if (error instanceof Error && "stdout" in error && "stderr" in error) {
      return { code: "code" in error && typeof error.code === "number" ? error.code : 1, stdout: String(error.stdout), stderr: String(error.stderr) };
    }
    throw error;
  }
}

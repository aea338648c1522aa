/** The Cap'n Proto text that tells workerd what to run: the bundle, its Durable Objects on disk, its sockets and bindings. */

export interface WorkerdOptions {
  /** Address and port, e.g. "127.0.0.1:8787". */
  address: string;
  /** A second socket that serves one cluster at the root of its own port. */
  rootCluster?: { address: string; cluster: string };
  /** PEM; undefined = plain HTTP. */
  tls: { certificateChain: string; privateKey: string } | undefined;
  objectsFolder: string;
  /** The generated documents that the ASSETS binding serves. */
  assetsFolder: string;
  /** File name of the bundle, beside the configuration file. */
  moduleFile: string;
  compatibilityDate: string;
  compatibilityFlags: readonly string[];
  /** Text bindings. */
  environment: Readonly<Record<string, string>>;
}

/** Binding → class; the names are those of wrangler.toml. */
const DURABLE_OBJECTS = { CLUSTERS: "Cluster", TENANTS: "Tenant" } as const;

export const SOCKET = "perigee";
export const ROOT_SOCKET = "root";

/** Set by the root socket and removed by the other one, so that no client says it. */
const ROOT_HEADER = { name: "x-perigee-root", value: "1" };

/**
 * Idle objects are evicted (no preventEviction), as on the platform. Both sockets lead to one service: the front desk then
 * shares an isolate with the objects. Two isolates on workerd's one thread wait for each other's lock, which costs a third
 * more for a fan-out to 1,000 watchers.
 */
export function workerdConfig(options: WorkerdOptions): string {
  const { rootCluster } = options;
  const sockets = [socket(SOCKET, options.address, options.tls, rootCluster && { name: ROOT_HEADER.name })];
  if (rootCluster) sockets.push(socket(ROOT_SOCKET, rootCluster.address, options.tls, ROOT_HEADER));
  const services = [
    `(name = "perigee", worker = .perigee)`,
    `(name = "objects", disk = (path = ${text(options.objectsFolder)}, writable = true, allowDotfiles = false))`,
    `(name = "assets", disk = (path = ${text(options.assetsFolder)}))`,
    `(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))`,
  ];
  return [
    `using Workerd = import "/workerd/workerd.capnp";`,
    `const config :Workerd.Config = (services = [${services.join(", ")}], sockets = [${sockets.join(", ")}]);`,
    `const perigee :Workerd.Worker = (${worker(options)}, ${storage()});`,
    "",
  ].join("\n");
}

/** @param header is injected into every request; without a value, removed from it. */
function socket(name: string, address: string, tls: WorkerdOptions["tls"], header: { name: string; value?: string } | undefined): string {
  const value = header?.value === undefined ? "" : `, value = ${text(header.value)}`;
  const http = header ? `(injectRequestHeaders = [(name = ${text(header.name)}${value})])` : "()";
  const protocol = tls
    ? `https = (options = ${http}, tlsOptions = (keypair = (privateKey = ${text(tls.privateKey)}, certificateChain = ${text(tls.certificateChain)})))`
    : `http = ${http}`;
  return `(name = ${text(name)}, address = ${text(address)}, ${protocol}, service = "perigee")`;
}

function worker(options: WorkerdOptions): string {
  const flags = options.compatibilityFlags.map(text).join(", ");
  return [
    `modules = [(name = "worker.js", esModule = embed ${text(options.moduleFile)})]`,
    `compatibilityDate = ${text(options.compatibilityDate)}`,
    `compatibilityFlags = [${flags}]`,
    `bindings = [${bindings(options).join(", ")}]`,
  ].join(", ");
}

function storage(): string {
  const namespaces = Object.values(DURABLE_OBJECTS).map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(`perigee-${name.toLowerCase()}`)}, enableSql = true)`,
  );
  return `durableObjectNamespaces = [${namespaces.join(", ")}], durableObjectStorage = (localDisk = "objects")`;
}

function bindings({ environment: given, rootCluster }: WorkerdOptions): string[] {
  const environment = rootCluster ? { ...given, ROOT_CLUSTER: rootCluster.cluster } : given;
  return [
    ...Object.entries(DURABLE_OBJECTS).map(
      ([name, className]) => `(name = ${text(name)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "perigee"))`,
    ),
    `(name = "ASSETS", service = "assets")`,
    ...Object.entries(environment).map(([name, value]) => `(name = ${text(name)}, text = ${text(value)})`),
  ];
}

/** A Cap'n Proto text literal: C escapes, and bytes above ASCII as they are. */
function text(value: string): string {
  return `"${value.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}"`;
}

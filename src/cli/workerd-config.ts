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

/**
 * Idle objects are evicted (no preventEviction), as on the platform. Both services run the same modules; the
 * objects live in the first one's namespaces, so that there is one Cluster object behind either socket.
 */
export function workerdConfig(options: WorkerdOptions): string {
  const sockets = [socket(SOCKET, options.address, "perigee", options.tls)];
  const services = [`(name = "perigee", worker = .perigee)`];
  if (options.rootCluster) {
    sockets.push(socket(ROOT_SOCKET, options.rootCluster.address, "root", options.tls));
    services.push(`(name = "root", worker = .root)`);
  }
  services.push(
    `(name = "objects", disk = (path = ${text(options.objectsFolder)}, writable = true, allowDotfiles = false))`,
    `(name = "assets", disk = (path = ${text(options.assetsFolder)}))`,
    `(name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true)))`,
  );
  return [
    `using Workerd = import "/workerd/workerd.capnp";`,
    `const config :Workerd.Config = (services = [${services.join(", ")}], sockets = [${sockets.join(", ")}]);`,
    `const perigee :Workerd.Worker = (${worker(options, bindings(options, undefined))}, ${storage()});`,
    ...(options.rootCluster ? [`const root :Workerd.Worker = (${worker(options, bindings(options, options.rootCluster.cluster))});`] : []),
    "",
  ].join("\n");
}

function socket(name: string, address: string, service: string, tls: WorkerdOptions["tls"]): string {
  const protocol = tls
    ? `https = (options = (), tlsOptions = (keypair = (privateKey = ${text(tls.privateKey)}, certificateChain = ${text(tls.certificateChain)})))`
    : "http = ()";
  return `(name = ${text(name)}, address = ${text(address)}, ${protocol}, service = ${text(service)})`;
}

function worker(options: WorkerdOptions, bindingList: string[]): string {
  const flags = options.compatibilityFlags.map(text).join(", ");
  return [
    `modules = [(name = "worker.js", esModule = embed ${text(options.moduleFile)})]`,
    `compatibilityDate = ${text(options.compatibilityDate)}`,
    `compatibilityFlags = [${flags}]`,
    `bindings = [${bindingList.join(", ")}]`,
  ].join(", ");
}

function storage(): string {
  const namespaces = Object.values(DURABLE_OBJECTS).map(
    (name) => `(className = ${text(name)}, uniqueKey = ${text(`perigee-${name.toLowerCase()}`)}, enableSql = true)`,
  );
  return `durableObjectNamespaces = [${namespaces.join(", ")}], durableObjectStorage = (localDisk = "objects")`;
}

function bindings(options: WorkerdOptions, rootCluster: string | undefined): string[] {
  const environment = rootCluster === undefined ? options.environment : { ...options.environment, ROOT_CLUSTER: rootCluster };
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

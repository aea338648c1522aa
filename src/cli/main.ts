/** The `perigee` command line. */
import { Command, InvalidArgumentError } from "commander";
import { Problem } from "./problem.ts";
import { createProgress } from "./progress.ts";
import { up } from "./up.ts";

const program = new Command("perigee").description("A serverless, multi-tenant Kubernetes control plane").version("0.1.0");

program
  .command("up")
  .description("run a control plane on this machine and write a kubeconfig for its demo cluster")
  .option("--host <address>", "address to listen on", "127.0.0.1")
  .option("--port <port>", "port to listen on (0: any free one)", port, 8787)
  .option("--data <folder>", "where clusters, keys and certificates are kept", ".perigee")
  .option("--fresh", "remove what the data folder holds first", false)
  .option("--cluster-port <port>", "serve the demo cluster at the root of this port too, for tools that drop a server's path", port)
  .option("--plain-http", "serve HTTP without TLS; kubectl sends no credentials over it", false)
  .option("--nodes <count>", "simulated nodes to run beside the control plane (this version runs none: pods stay Pending)", count, 3)
  .action(async (options: { host: string; port: number; data: string; fresh: boolean; clusterPort?: number; plainHttp: boolean }) => {
    const progress = createProgress(
      (line) => console.log(line),
      () => performance.now(),
    );
    let interrupted = false;
    let stop = () => {
      interrupted = true;
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop());
    const running = await up({ ...options, clusterPort: options.clusterPort }, progress);
    stop = () => {
      void running.stop().then(() => process.exit(0));
    };
    if (interrupted) stop();
  });

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65535) throw new InvalidArgumentError("a port is a number from 0 to 65535.");
  return number;
}

function count(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError("a count is a whole number.");
  return Number(value);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.error(`perigee: ${error.message}`);
  process.exitCode = 1;
}

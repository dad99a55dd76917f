// Starts one mock for the whole run, on a free port; its address is the first line that it prints.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    apigamesUrl: string;
  }
}

export default async function ({ provide }: TestProject): Promise<() => void> {
  const mock = spawn("apigames-mock", ["serve", "--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  mock.on("error", (error) => console.error(`apigames-mock cannot be started: ${error.message}`));
  for await (const url of createInterface({ input: mock.stdout })) {
    provide("apigamesUrl", url);
    return () => void mock.kill();
  }
  throw new Error("apigames-mock ended before it served; run `apigames-mock serve` to see why");
}

import { describe, expect } from "vitest";
import { Client } from "../client.js";
import { test } from "../fixtures.js";

describe.concurrent("the status of a project", () => {
  test("all its pages are read", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, merchant.secretKey);
    const projectId = await merchant.project(45);
    expect(await client.vouchers(projectId)).toHaveLength(45);
    expect(await merchant.calls(2)).toHaveLength(2);
  });

  test("a voucher that was moved is seen", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, merchant.secretKey);
    const projectId = await merchant.project(3);
    await merchant.move(projectId, "success", { from: "pending", count: 1 });
    expect((await client.vouchers(projectId)).filter((voucher) => voucher.status === 1)).toHaveLength(1);
  });

  test("a page of a proxy is an error, and once only", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, merchant.secretKey);
    const projectId = await merchant.project(1);
    await merchant.faults({ fault: "html_502", times: 1 });
    await expect(client.vouchers(projectId)).rejects.toThrow();
    expect(await client.vouchers(projectId)).toHaveLength(1);
  });

  test("the vendor's words are told", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, "another secret");
    await expect(client.vouchers(await merchant.project(1))).rejects.toThrow("Signature Not Valid");
    expect((await merchant.calls(1))[0]?.role).toBe("signature");
  });
});

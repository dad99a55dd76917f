import { describe, expect } from "vitest";
import { Client } from "../client.js";
import { test } from "../fixtures.js";

describe.concurrent("a submission", () => {
  test("its codes are listed", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, merchant.secretKey);
    const projectId = await client.submit(["AAA111BBB222CCC", "DDD333EEE444FFF"]);
    const codes = (await client.vouchers(projectId!)).map((voucher) => voucher.voucher_code);
    expect(codes.sort()).toEqual(["AAA111BBB222CCC", "DDD333EEE444FFF"]);
  });

  for (const carried_out of [true, false])
    test(`it is not submitted again when its reply is lost, carried out: ${carried_out}`, async ({ merchant }) => {
      const client = new Client(merchant.url, merchant.id, merchant.secretKey);
      await merchant.faults({ fault: "close_before", carried_out, operation: "redeem_bulk" });
      expect(await client.submit(["AAA111BBB222CCC"])).toBeNull();
      expect(await merchant.calls(1)).toHaveLength(1);
    });

  test("a maintenance is told", async ({ merchant }) => {
    const client = new Client(merchant.url, merchant.id, merchant.secretKey);
    await merchant.faults({ fault: "maintenance", times: 1 });
    await expect(client.submit(["AAA111BBB222CCC"])).rejects.toThrow("Redem sedang maintenance");
  });
});

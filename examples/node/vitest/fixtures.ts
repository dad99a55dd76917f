// A merchant of its own for each test: tests run in parallel and do not see each other.
import { inject, test as base } from "vitest";
import { Merchant } from "./apigames.js";

export const test = base.extend<{ merchant: Merchant }>({
  merchant: async ({}, use) => {
    const merchant = await Merchant.make(inject("apigamesUrl"));
    await use(merchant);
    await merchant.remove();
  },
});

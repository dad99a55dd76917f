// A client that reads the text of a failure from `message`, where only a success has one.
import { createHash } from "node:crypto";

const env = process.env;
const merchant = env.APIGAMES_MERCHANT_ID;
const signature = createHash("md5").update(merchant + env.APIGAMES_SECRET_KEY).digest("hex");

async function call(page) {
  const response = await fetch(`${env.APIGAMES_BASE_URL}/merchant/${merchant}/kiosgamer/project/detail`, {
    method: "POST",
    body: JSON.stringify({
      session_key: env.APIGAMES_SESSION_KEY, projectid: env.APIGAMES_PROJECT_ID, status: "", page, limit: 30, signature,
    }),
    signal: AbortSignal.timeout(3000),
  });
  return response.json();
}

async function main() {
  const vouchers = new Map();
  let counts;
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const reply = await call(page);
    if (reply.rc !== 200) return { error: reply.message ?? "the vendor gave no reason" };
    pages = reply.data.total_page;
    counts = reply.data.data.stats;
    for (const voucher of reply.data.data.vouchers ?? []) vouchers.set(voucher.id, voucher.voucher_code);
  }
  return { vouchers: [...vouchers.values()], counts, error: null };
}

console.log(JSON.stringify(await main().catch((error) => ({ error: `no whole reply: ${error.message}` }))));

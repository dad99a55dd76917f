// A client that reads pages until an empty one comes, which some day never does.
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
  for (let page = 1; ; page += 1) {
    const reply = await call(page);
    if (reply.rc !== 200) return { error: reply.error_msg };
    counts = reply.data.data.stats;
    const listed = reply.data.data.vouchers ?? [];
    if (listed.length === 0) break;
    for (const voucher of listed) vouchers.set(voucher.id, voucher.voucher_code);
  }
  return { vouchers: [...vouchers.values()], counts, error: null };
}

console.log(JSON.stringify(await main().catch((error) => ({ error: `no whole reply: ${error.message}` }))));

// A client that expects a list in `vouchers`, and gets `null`.
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
    if (reply.rc !== 200) return { error: reply.error_msg };
    pages = reply.data.total_page;
    counts = reply.data.data.stats;
    for (const voucher of reply.data.data.vouchers) vouchers.set(voucher.id, voucher.voucher_code);
  }
  return { vouchers: [...vouchers.values()], counts, error: null };
}

const failed = (error) => ({ error: `no whole reply: ${error.message}` });
const lost = (error) => (error instanceof SyntaxError || error.cause || error.name === "TimeoutError");
main().catch((error) => { if (lost(error)) return failed(error); throw error; }).then((seen) => console.log(JSON.stringify(seen)));

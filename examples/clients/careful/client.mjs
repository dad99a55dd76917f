// A careful client: every voucher over all pages, the counts, or the error. Node 18 or newer, no packages.
import { createHash } from "node:crypto";

const TIMEOUT = 3000; // milliseconds that one call may take
const env = process.env;

class CallFailed extends Error {}

async function call(page) {
  const merchant = env.APIGAMES_MERCHANT_ID;
  const fields = {
    session_key: env.APIGAMES_SESSION_KEY ?? "",
    projectid: env.APIGAMES_PROJECT_ID,
    status: "",
    page,
    limit: 30,
    signature: createHash("md5").update(merchant + env.APIGAMES_SECRET_KEY).digest("hex"),
  };
  let status, text;
  try {
    const response = await fetch(`${env.APIGAMES_BASE_URL}/merchant/${merchant}/kiosgamer/project/detail`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
      signal: AbortSignal.timeout(TIMEOUT), // for the whole call, body included
    });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw new CallFailed(`no reply: ${error.cause?.message ?? error.message}`);
  }
  let reply;
  try {
    reply = JSON.parse(text);
  } catch {
    throw new CallFailed(`HTTP ${status} without a whole JSON body`);
  }
  if (reply?.rc !== 200) throw new CallFailed(reply?.error_msg ?? "not a JSON object");
  return reply.data;
}

async function main() {
  const vouchers = new Map();
  let counts = {};
  for (let page = 1, pages = 1; page <= pages; page += 1) {
    const data = await call(page);
    pages = data.total_page; // of the newest reply: it may have grown meanwhile
    counts = data.data.stats;
    for (const voucher of data.data.vouchers ?? []) vouchers.set(voucher.id, voucher.voucher_code);
  }
  return { vouchers: [...vouchers.values()], counts, error: null };
}

try {
  console.log(JSON.stringify(await main()));
} catch (error) {
  if (!(error instanceof CallFailed)) throw error;
  console.log(JSON.stringify({ vouchers: [], counts: {}, error: error.message }));
}

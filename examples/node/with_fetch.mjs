// Lists a project's vouchers, page by page, with fetch (Node 18 or newer, nothing to install).
//
//     APIGAMES_BASE_URL=http://127.0.0.1:8787 node with_fetch.mjs
import { createHash } from "node:crypto";

const env = process.env;
const baseUrl = env.APIGAMES_BASE_URL ?? "https://v1.apigames.id";
const merchantId = env.APIGAMES_MERCHANT_ID ?? "M240315GAME2847K";
const secretKey = env.APIGAMES_SECRET_KEY ?? "apigames-mock-secret";
const projectId = env.APIGAMES_PROJECT_ID ?? "R250101DEMO000137";
const signature = createHash("md5").update(merchantId + secretKey).digest("hex");

async function vouchers(status = "") {
  const found = [];
  for (let page = 1; ; page += 1) {
    const response = await fetch(`${baseUrl}/merchant/${merchantId}/kiosgamer/project/detail`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ projectid: projectId, status, page, limit: 30, signature }),
      signal: AbortSignal.timeout(10_000),
    });
    const reply = await response.json();
    // The HTTP status says nothing that is documented: rc and error_msg do.
    if (reply.status !== 1) throw new Error(`${reply.rc}: ${reply.error_msg}`);
    const listed = reply.data.data.vouchers ?? [];
    found.push(...listed);
    if (listed.length === 0 || page >= reply.data.total_page) return found;
  }
}

const everything = await vouchers();
const pending = await vouchers("0");
console.log(`${everything.length} vouchers, ${pending.length} pending, newest ${everything[0].voucher_code}`);

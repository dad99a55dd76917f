// Every operation of both documents, through the types that openapi-typescript makes of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths as AdminPaths, components } from "./types/admin-openapi.js";
import type { paths } from "./types/openapi.js";

const baseUrl = process.argv[2];
const vendor = createClient<paths>({ baseUrl });
const admin = createClient<AdminPaths>({ baseUrl });

const generated: components["schemas"]["Project"] = { vouchers: { generate: { count: 3 } } };
const rule: components["schemas"]["Fault"] = { fault: "html_502", times: 1 };
// @ts-expect-error - misspelt
const misspelt: components["schemas"]["Fault"] = { fault: "html_520" };
// @ts-expect-error - there is nothing to say how many
const uncounted: components["schemas"]["Project"] = { vouchers: { generate: {} } };

async function data<Data>(call: Promise<{ data?: Data; error?: unknown; response: Response }>): Promise<Data> {
  const { data, error, response } = await call;
  assert.ok(data, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

assert.equal((await data(admin.GET("/__admin/health"))).status, "ok");
assert.equal((await data(admin.GET("/__admin/ready"))).status, "ready");
const made = await data(admin.POST("/__admin/merchants", { body: {} }));
const { merchant_id, secret_key = "" } = made;
const signature = createHash("md5").update(merchant_id + secret_key).digest("hex");
const of_merchant = { params: { path: { merchant_id } } };
const only = { params: { query: { merchant_id } } };

const { project_id } = await data(admin.POST("/__admin/merchants/{merchant_id}/projects", { ...of_merchant, body: generated }));
const of_project = { params: { path: { project_id } } };
assert.equal((await data(admin.GET("/__admin/merchants/{merchant_id}", of_merchant))).projects.length, 1);
const closed = { ...of_merchant, body: { vendor_state: "maintenance" } } as const;
assert.equal((await data(admin.PATCH("/__admin/merchants/{merchant_id}", closed))).vendor_state, "maintenance");
await data(admin.PATCH("/__admin/merchants/{merchant_id}", { ...of_merchant, body: { vendor_state: null } }));
assert.ok((await data(admin.GET("/__admin/merchants"))).merchants.length >= 2);
assert.ok((await data(admin.GET("/__admin/projects"))).projects.length >= 1);
await data(admin.PATCH("/__admin/projects/{project_id}", { ...of_project, body: { project_name: "DW" } }));
assert.equal((await data(admin.GET("/__admin/projects/{project_id}", of_project))).project_name, "DW");

const { vouchers } = await data(
  admin.GET("/__admin/projects/{project_id}/vouchers", { params: { path: { project_id }, query: { status: "pending" } } }),
);
const of_voucher = { params: { path: { project_id, voucher_id: vouchers[0]!.id } } };
await data(admin.PATCH("/__admin/projects/{project_id}/vouchers/{voucher_id}", { ...of_voucher, body: { to: "success" } }));
assert.equal((await data(admin.GET("/__admin/projects/{project_id}/vouchers/{voucher_id}", of_voucher))).status, "success");
const moved = await data(
  admin.PATCH("/__admin/projects/{project_id}/vouchers", { ...of_project, body: { to: "process", from: "pending", count: 1 } }),
);
assert.deepEqual([moved.moved, moved.stats.process], [1, 1]);

const of_vendor = { params: { path: { merchant_id } } };
const listed = await data(
  vendor.POST("/merchant/{merchant_id}/kiosgamer/project/detail", { ...of_vendor, body: { projectid: project_id, signature } }),
);
assert.deepEqual(listed.data.data.stats, { pending: 1, success: 1, process: 1, error_engine: 0, error_voucher: 0 });
assert.match(listed.data.data.vouchers![0]!.cretaed_at, /^\d{4}-/);
const submitted = await data(
  vendor.POST("/merchant/{merchant_id}/kiosgamer/redem/bulk", {
    ...of_vendor,
    body: { kode_voucher: Buffer.from("ABC123\nDEF456").toString("base64"), signature },
  }),
);
assert.equal(submitted.rc, 0);
const { submissions } = await data(admin.GET("/__admin/submissions", only));
assert.deepEqual([submissions[0]!.project_id, submissions[0]!.outcome], [submitted.data.project_id, "accepted"]);
const refused = await vendor.POST("/merchant/{merchant_id}/kiosgamer/project/detail", {
  ...of_vendor,
  body: { projectid: project_id, signature: "" },
});
assert.ok(refused.error);
const text: "Data JSON tidak valid" | "Merchant not found" | "Signature Not Valid" | "Project ID tidak ditemukan" = refused.error.error_msg;
assert.equal(text, "Signature Not Valid");

await data(admin.POST("/__admin/clock", { ...only, body: { state: "frozen", at: 1723719138 } }));
assert.equal((await data(admin.GET("/__admin/clock", only))).now, 1723719138);
await data(admin.PUT("/__admin/faults", { ...only, body: { faults: [rule] } }));
assert.equal((await data(admin.GET("/__admin/faults", only))).faults[0]!.left, 1);
assert.deepEqual((await data(admin.DELETE("/__admin/faults", only))).faults, []);
await data(admin.PUT("/__admin/readings", { ...only, body: { readings: { http_status: "200", max_limit: 50 } } }));
assert.equal((await data(admin.GET("/__admin/readings", only))).readings["http_status"]!.value, "200");

const arrived = await data(admin.GET("/__admin/requests", { params: { query: { merchant_id, wait: 1, count: 3 } } }));
assert.equal(arrived.total, 3);
const of_call = { params: { path: { n: arrived.requests[0]!.n } } };
assert.ok((await data(admin.GET("/__admin/requests/{n}", of_call))).diagnosis[0]!.fix);
await data(admin.DELETE("/__admin/requests"));

await data(admin.POST("/__admin/reset", only));
const world = await data(admin.GET("/__admin/world"));
await data(admin.PUT("/__admin/world", { body: world }));
await data(admin.DELETE("/__admin/projects/{project_id}", of_project).then((one) => (one.response.status === 404 ? { ...one, data: {} } : one)));
await data(admin.DELETE("/__admin/merchants/{merchant_id}", of_merchant).then((one) => (one.response.status === 404 ? { ...one, data: {} } : one)));
await data(admin.GET("/__admin/openapi.json"));
await data(admin.GET("/__admin/schemas/{name}", { params: { path: { name: "world" } } }));
void [misspelt, uncounted];
console.log("every operation");

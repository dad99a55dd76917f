// Stands in front of apigames-mock as https://v1.apigames.id, for a client whose address is built in (Node 18 or newer).
// FRONT_PORT speaks TLS, for the hosts file; PROXY_PORT is a proxy, for HTTPS_PROXY. Both listen on this machine alone.
import { readFileSync } from "node:fs";
import { createServer as createProxy, request } from "node:http";
import { createServer } from "node:https";
import { connect } from "node:net";

const { FRONT_PORT = "443", PROXY_PORT = "8788", APIGAMES_BASE_URL = "http://127.0.0.1:8787" } = process.env;
const own = { key: readFileSync("apigames.key"), cert: readFileSync("apigames.crt") };

const front = createServer(own, (asked, reply) => {
  const { method, url, headers } = asked;
  const passedOn = request(APIGAMES_BASE_URL + url, { method, headers: { ...headers, host: "localhost" } }, (answer) => {
    reply.writeHead(answer.statusCode, answer.headers);
    answer.pipe(reply);
    answer.on("error", () => reply.destroy());
  });
  passedOn.on("error", () => reply.destroy());
  asked.pipe(passedOn);
}).listen(Number(FRONT_PORT), "127.0.0.1");

createProxy((_, reply) => reply.writeHead(501).end("only CONNECT v1.apigames.id:443"))
  .on("connect", (asked, client) => {
    if (asked.url !== "v1.apigames.id:443") return client.end("HTTP/1.1 403 Only v1.apigames.id\r\n\r\n");
    const inside = connect(front.address().port, "127.0.0.1", () => client.write("HTTP/1.1 200 OK\r\n\r\n"));
    for (const [one, other] of [[inside, client], [client, inside]]) one.on("error", () => other.destroy()).pipe(other);
  })
  .listen(Number(PROXY_PORT), "127.0.0.1", function () {
    console.log(`front ${front.address().port} proxy ${this.address().port}`);
  });

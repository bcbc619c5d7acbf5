// A client on Node: WebSocket messages of all sizes through the address given, each must come back as it was; then an agent
// that keeps its connections asks for documents with trailers. Prints "ok" at the end.
"use strict";
const crypto = require("crypto");
const http = require("http");
const WebSocket = require("/usr/share/nodejs/ws");
const [host, port] = process.argv.slice(2);

function fail(why) {
  console.log(why);
  process.exit(1);
}

function messages(count) {
  return new Promise((done) => {
    const socket = new WebSocket(`ws://${host}:${port}/echo`);
    const sent = [];
    let heard = 0, pongs = 0;
    socket.on("error", (error) => fail(`socket: ${error}`));
    socket.on("pong", () => pongs++);
    socket.on("open", () => {
      for (let n = 0; n < count; n++) {
        const size = [0, 1, 125, 126, 65535, 65536, 200000][n % 7];
        const data = n % 2 ? crypto.randomBytes(size) : "x".repeat(size);
        sent.push(Buffer.from(data));
        socket.send(data, { binary: n % 2 === 1 });
        if (n % 10 === 0) socket.ping();
      }
    });
    socket.on("message", (data) => {
      if (!sent[heard++].equals(data)) fail(`message ${heard} came back as another one`);
      if (heard === count) socket.close(4000, "enough");
    });
    socket.on("close", (code) => {
      if (heard !== count || code !== 4000 || pongs === 0) fail(`${heard} of ${count} messages, code ${code}, ${pongs} pongs`);
      done();
    });
  });
}

const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
function get(path) {
  return new Promise((done) => {
    http.get({ host, port, path, agent }, (response) => {
      const sum = crypto.createHash("sha1");
      response.on("data", (piece) => sum.update(piece));
      response.on("end", () => {
        if (response.trailers["x-sum"] !== sum.digest("hex")) fail(`${path}: ${response.statusCode}, trailer ${response.trailers["x-sum"]}`);
        done();
      });
    }).on("error", (error) => fail(`${path}: ${error}`));
  });
}
function post(size) {
  return new Promise((done) => {
    const body = crypto.randomBytes(size);
    const request = http.request({ host, port, path: "/", method: "POST", agent, headers: { Expect: "100-continue" } }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += piece));
      response.on("end", () => {
        if (text !== crypto.createHash("sha1").update(body).digest("hex")) fail(`post of ${size}: ${response.statusCode} ${text}`);
        done();
      });
    });
    request.on("error", (error) => fail(`post: ${error}`));
    request.on("continue", () => request.end(body));
    request.flushHeaders();
  });
}

(async () => {
  await Promise.all([messages(140), messages(70)]);
  await Promise.all([...Array(100).keys()].map((n) => get(`/?bytes=${n * 997}`)));
  await get("/?bytes=3000000");
  await Promise.all([1, 1000, 20000, 2000000].map(post));
  agent.destroy();
  console.log("ok");
})();

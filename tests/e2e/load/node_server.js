// An origin on Node: answers in chunks, sums of what was posted, and an echo of WebSocket messages. Prints its port.
"use strict";
const http = require("http");
const crypto = require("crypto");
const { WebSocketServer } = require("/usr/share/nodejs/ws");

const server = http.createServer((request, response) => {
  const url = new URL(request.url, "http://origin");
  if (request.method === "POST") {
    const sum = crypto.createHash("sha1");
    request.on("data", (piece) => sum.update(piece));
    request.on("end", () => response.end(sum.digest("hex")));
    return;
  }
  let left = Number(url.searchParams.get("bytes") || 5);
  response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Sum" });
  const sum = crypto.createHash("sha1");
  const more = () => {
    while (left > 0) {
      const piece = Buffer.alloc(Math.min(left, 10007), left % 251);
      left -= piece.length;
      sum.update(piece);
      if (!response.write(piece)) return response.once("drain", more);
    }
    response.addTrailers({ "X-Sum": sum.digest("hex") });
    response.end();
  };
  more();
});
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket) => {
  socket.on("message", (data, binary) => socket.send(data, { binary }));
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));

// One peer: `node peer.cjs PACKAGE send PORT FILE` sends each message of the file (separated by VT) when the one before
// has been answered, and prints the answers as `CODE ID`; `node peer.cjs PACKAGE listen` prints its port, then the
// control id of each message that it has answered.
"use strict";
const fs = require("node:fs");
const net = require("node:net");

const [name, role, port, file] = process.argv.slice(2);
const texts = () => fs.readFileSync(file, "utf8").split("\v");
const say = (/** @type {string} */ line) => process.stdout.write(`${line}\n`);

/** A port that is free now: neither server tells which one it got for 0. Not one of those that a system gives for 0. */
async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(15_000 * Math.random());
    const probe = net.createServer();
    const free = await new Promise((done) => {
      probe.once("error", () => done(false));
      probe.listen(port, () => done(true));
    });
    if (free) {
      await new Promise((done) => probe.close(done));
      return port;
    }
  }
}

const peers = {
  "node-hl7-client": {
    async send() {
      const { Client, Message } = require("node-hl7-client");
      const client = new Client({ host: "127.0.0.1" });
      let answered = () => {};
      const connection = client.createConnection({ port: Number(port) }, (answer) => {
        const message = answer.getMessage();
        say(`${message.get("MSA.1").toString()} ${message.get("MSA.2").toString()}`);
        answered();
      });
      await new Promise((done) => connection.once("connect", done));
      for (const text of texts()) {
        const wait = new Promise((done) => (answered = done));
        await connection.sendMessage(new Message({ text }));
        await wait;
      }
      await connection.close();
    },
  },
  "node-hl7-server": {
    async listen() {
      const { Server } = require("node-hl7-server");
      const where = await freePort();
      const inbound = new Server({ bindAddress: "127.0.0.1" }).createInbound({ port: where }, async (request, answer) => {
        const id = request.getMessage().get("MSH.10").toString();
        await answer.sendResponse("AA");
        say(id);
      });
      inbound.on("listen", () => say(where));
      inbound.on("data.error", (error) => say(`error ${error}`));
    },
  },
  "simple-hl7": {
    async send() {
      const hl7 = require("simple-hl7");
      const parser = new hl7.Parser({ segmentSeperator: "\r" });
      const client = hl7.Server.createTcpClient({ host: "127.0.0.1", port: Number(port), keepalive: true });
      for (const text of texts()) {
        const answer = await new Promise((done, failed) =>
          client.send(parser.parse(text), (error, found) => (error ? failed(error) : done(found))));
        const stated = answer.getSegment("MSA");
        say(`${stated.getField(1)} ${stated.getField(2)}`);
      }
      client.close();
    },
    async listen() {
      const hl7 = require("simple-hl7");
      const where = await freePort();
      const parser = new hl7.Parser({ segmentSeperator: "\r" });
      const server = hl7.Server.createTcpServer({ parser }, (error, request, answer) => {
        if (error) return say(`error ${error}`);
        answer.end();
        say(request.msg.header.getField(8));
      });
      server.start(where);
      server.server.on("listening", () => say(where));
    },
  },
};

peers[name][role]().catch((error) => {
  say(`error ${error}`);
  process.exit(1);
});

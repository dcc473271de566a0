// The function node of one monitor: the numerics it has said, checked and kept. Frames are cut at their first byte, 85.
let body = msg.payload;
if (body.includes(0x80)) {
  const plain = [];
  for (let at = 0; at < body.length; at++) plain.push(body[at] === 0x80 ? 0x80 + body[++at] : body[at]);
  body = Buffer.from(plain);
}
if (body[body.length - 1] === 0x85) body = body.subarray(0, body.length - 1);
if (body.length !== 30 || body[1] !== 1) return null;
let check = 0;
for (const byte of body) check ^= byte;
if (check) return null;
context.set("last", { etco2: body[6], fico2: body[7], rr: body[8], spo2: body[9], pulse: body[10] });
return null;

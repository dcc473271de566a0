// The function node of one pump: the status it has said, checked; a stop when the rate is above the ceiling.
const text = msg.payload.toString().replace(/\r$/, "");
const cut = text.lastIndexOf("|");
if (text[0] !== "!" || cut < 0) return null;
const said = text.slice(1, cut);
let crc = 0xffff;
for (let at = 0; at < said.length; at++) {
  crc ^= said.charCodeAt(at) << 8;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
}
if (crc !== parseInt(text.slice(cut + 1), 16)) return null;
const field = said.split("^");
if (field[0] !== "INF") return null;
context.set("last", { serial: field[1], mode: field[3], rate: Number(field[4]), given: Number(field[7]) });
return field[3] === "SET" && Number(field[4]) > 70 ? { payload: "!INF_STOP|CD57\r" } : null;

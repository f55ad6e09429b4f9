/* Arrays as Python packs them: base64, of gzip or not, of little-endian numbers. */

const TYPES = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array };

function bytesOf(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function unpackedBytes(pack) {
  let bytes = bytesOf(pack.data);
  if (pack.gzip) {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  }
  return bytes;
}

async function unpackedArray(pack) {
  return { values: new TYPES[pack.type]((await unpackedBytes(pack)).buffer), shape: pack.shape };
}

async function unpackedArrays(packs) {
  const found = await Promise.all(Object.entries(packs).map(async ([name, pack]) => [name, await unpackedArray(pack)]));
  return Object.fromEntries(found);
}

/* The arithmetic of the network, twice: as WebAssembly (kernels.c), and in JavaScript where that is not allowed. Both give
   the same bits, so that a seed gives the same text in every browser.

   Arrays lie in one memory. add(w, x, scale, factor, out): out[r] += factor * scale[r] * (row r of w) * x. */

const MEMORY_START = 65536; /* below is the stack of the WebAssembly module, which it does not use */
const PAGE_BYTES = 65536;
const f = Math.fround;

/* An arithmetic with room for `bytes` of arrays; `binary` are the bytes of the module, or null for plain JavaScript. */
function openArithmetic(binary, bytes) {
  try {
    if (binary) return compiledArithmetic(binary, bytes);
  } catch {
    /* no WebAssembly here, or none with vectors, or a policy against it */
  }
  /* whole numbers as floats: JavaScript multiplies these faster */
  const array = (Type, length) => new (Type === Int8Array || Type === Int16Array ? Float32Array : Type)(length);
  return { ...plainKernels, isCompiled: false, array };
}

function compiledArithmetic(binary, bytes) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil((MEMORY_START + bytes) / PAGE_BYTES) + 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  let top = MEMORY_START;
  const array = (Type, length) => {
    const made = new Type(memory.buffer, top, length);
    top += Math.ceil((length * Type.BYTES_PER_ELEMENT) / 16) * 16;
    return made;
  };
  return { ...compiledKernels(exports), isCompiled: true, array };
}

function compiledKernels(exports) {
  return {
    add: (w, x, scale, factor, out) =>
      exports.add_product(w.byteOffset, x.byteOffset, scale.byteOffset, factor, out.byteOffset, x.length, out.length),
    tanh: (x) => exports.tanh_all(x.byteOffset, x.length),
    sigmoid: (x) => exports.sigmoid_all(x.byteOffset, x.length),
    toInt16: (x, to, unit) => exports.to_int16(x.byteOffset, to.byteOffset, unit, x.length),
  };
}

/* The rational function of charrnn/kernels/activations.py, each operation rounded to float32. */
const ODD = [2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5, 6.37261928875436e-4,
  4.89352455891786e-3].map(f);
const EVEN = [1.18534705686654e-4, 2.26843463243900e-3, 4.89352518554385e-3].map(f);
const ODD_FIRST = f(-2.76076847742355e-16);
const EVEN_FIRST = f(1.19825839466702e-6);
const FAR = f(7.99);

function tanh32(value) {
  const x = value > FAR ? FAR : value < -FAR ? -FAR : value;
  const y = f(x * x);
  let odd = f(f(y * ODD_FIRST) + ODD[0]);
  odd = f(f(y * odd) + ODD[1]);
  odd = f(f(y * odd) + ODD[2]);
  odd = f(f(y * odd) + ODD[3]);
  odd = f(f(y * odd) + ODD[4]);
  odd = f(f(y * odd) + ODD[5]);
  let even = f(f(y * EVEN_FIRST) + EVEN[0]);
  even = f(f(y * even) + EVEN[1]);
  even = f(f(y * even) + EVEN[2]);
  return f(f(x * odd) / even);
}

const sigmoid32 = (value) => f(f(0.5 * tanh32(f(0.5 * value))) + 0.5);

const plainKernels = {
  add(w, x, scale, factor, out) {
    const n = x.length;
    let first = 0;
    for (let r = 0; r < out.length; r += 4) {
      let second = first + n;
      let third = second + n;
      let fourth = third + n;
      let a = 0, b = 0, c = 0, d = 0;
      for (let j = 0; j < n; j++) {
        const value = x[j];
        a += w[first++] * value;
        b += w[second++] * value;
        c += w[third++] * value;
        d += w[fourth++] * value;
      }
      first = fourth;
      out[r] += f(f(scale[r] * factor) * f(a));
      out[r + 1] += f(f(scale[r + 1] * factor) * f(b));
      out[r + 2] += f(f(scale[r + 2] * factor) * f(c));
      out[r + 3] += f(f(scale[r + 3] * factor) * f(d));
    }
  },
  tanh(x) {
    for (let j = 0; j < x.length; j++) x[j] = tanh32(x[j]);
  },
  sigmoid(x) {
    for (let j = 0; j < x.length; j++) x[j] = sigmoid32(x[j]);
  },
  toInt16(x, to, unit) {
    for (let j = 0; j < x.length; j++) {
      const value = Math.floor(f(f(x[j] * unit) + 0.5));
      to[j] = value > 32767 ? 32767 : value < -32768 ? -32768 : value;
    }
  },
};

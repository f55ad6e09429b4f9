/* The arithmetic of the page's network as WebAssembly with 128-bit vectors. arithmetic.js has the same in JavaScript, and
   both give the same bits: sums of products are whole numbers, and every other operation is rounded to float32 once.

   `make wasm` turns this file into kernels.wasm. */

#include <stdint.h>
#include <wasm_simd128.h>

#define EXPORT(name) __attribute__((export_name(#name))) void name

/* Four sums of four lanes each, as the four lanes of one vector. */
static inline v128_t lane_sums(v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab = wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), wasm_i32x4_shuffle(a, b, 2, 6, 3, 7));
  v128_t cd = wasm_i32x4_add(wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), wasm_i32x4_shuffle(c, d, 2, 6, 3, 7));
  return wasm_i32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
}

/* The products of 16 weights with 16 inputs, added up in four lanes. */
static inline v128_t dot(v128_t sum, v128_t w, v128_t low, v128_t high) {
  return wasm_i32x4_add(sum, wasm_i32x4_add(wasm_i32x4_dot_i16x8(wasm_i16x8_extend_low_i8x16(w), low),
                                            wasm_i32x4_dot_i16x8(wasm_i16x8_extend_high_i8x16(w), high)));
}

/* out[r] += factor * scale[r] * sum of w[r][j] * x[j]: m rows, a multiple of 4; n columns, a multiple of 16. */
EXPORT(add_product)(const int8_t *w, const int16_t *x, const float *scale, float factor, float *out, int n, int m) {
  for (int r = 0; r < m; r += 4) {
    const int8_t *w0 = w + r * n, *w1 = w0 + n, *w2 = w1 + n, *w3 = w2 + n;
    v128_t s0 = wasm_i32x4_splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (int j = 0; j < n; j += 16) {
      v128_t low = wasm_v128_load(x + j), high = wasm_v128_load(x + j + 8);
      s0 = dot(s0, wasm_v128_load(w0 + j), low, high);
      s1 = dot(s1, wasm_v128_load(w1 + j), low, high);
      s2 = dot(s2, wasm_v128_load(w2 + j), low, high);
      s3 = dot(s3, wasm_v128_load(w3 + j), low, high);
    }
    v128_t by = wasm_f32x4_mul(wasm_v128_load(scale + r), wasm_f32x4_splat(factor));
    v128_t sum = wasm_f32x4_convert_i32x4(lane_sums(s0, s1, s2, s3));
    wasm_v128_store(out + r, wasm_f32x4_add(wasm_v128_load(out + r), wasm_f32x4_mul(by, sum)));
  }
}

#define F(number) wasm_f32x4_splat(number##f)
#define STEP(sum, y, number) wasm_f32x4_add(wasm_f32x4_mul(y, sum), F(number))

/* The rational function of charrnn/kernels/activations.py. */
static inline v128_t tanh4(v128_t x) {
  x = wasm_f32x4_max(wasm_f32x4_min(x, F(7.99)), F(-7.99));
  v128_t y = wasm_f32x4_mul(x, x);
  v128_t odd = STEP(F(-2.76076847742355e-16), y, 2.00018790482477e-13);
  odd = STEP(odd, y, -8.60467152213735e-11);
  odd = STEP(odd, y, 5.12229709037114e-08);
  odd = STEP(odd, y, 1.48572235717979e-05);
  odd = STEP(odd, y, 6.37261928875436e-04);
  odd = STEP(odd, y, 4.89352455891786e-03);
  v128_t even = STEP(F(1.19825839466702e-06), y, 1.18534705686654e-04);
  even = STEP(even, y, 2.26843463243900e-03);
  even = STEP(even, y, 4.89352518554385e-03);
  return wasm_f32x4_div(wasm_f32x4_mul(x, odd), even);
}

/* Both replace n numbers, a multiple of 4. */
EXPORT(tanh_all)(float *x, int n) {
  for (int j = 0; j < n; j += 4) wasm_v128_store(x + j, tanh4(wasm_v128_load(x + j)));
}

EXPORT(sigmoid_all)(float *x, int n) {
  for (int j = 0; j < n; j += 4) {
    v128_t half = tanh4(wasm_f32x4_mul(F(0.5), wasm_v128_load(x + j)));
    wasm_v128_store(x + j, wasm_f32x4_add(wasm_f32x4_mul(F(0.5), half), F(0.5)));
  }
}

/* to[j] = x[j] in units of 1 / unit, rounded: n numbers, a multiple of 8. */
EXPORT(to_int16)(const float *x, int16_t *to, float unit, int n) {
  for (int j = 0; j < n; j += 8) {
    v128_t by = wasm_f32x4_splat(unit);
    v128_t low = wasm_f32x4_floor(wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(x + j), by), F(0.5)));
    v128_t high = wasm_f32x4_floor(wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(x + j + 4), by), F(0.5)));
    wasm_v128_store(to + j, wasm_i16x8_narrow_i32x4(wasm_i32x4_trunc_sat_f32x4(low), wasm_i32x4_trunc_sat_f32x4(high)));
  }
}

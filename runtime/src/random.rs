//! Randomness as a function: of a seed, and of where it is used. No state is carried, so that a pass back draws what the pass
//! there has drawn, in any order.

/// A seed for use `number` of a seed.
#[inline]
pub fn stream(seed: u64, number: i32) -> u64 {
    hash(seed, number as u64 + (1 << 40))
}

/// The seed of a position.
#[inline(always)]
pub fn mix(state: u64, position: usize) -> u64 {
    hash(state, position as u64)
}

/// The finaliser of MurmurHash3 over a Weyl sequence, 53 bits of it.
#[inline(always)]
fn hash(state: u64, position: u64) -> u64 {
    let mut h = state.wrapping_add((position + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    h = (h ^ (h >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h = (h ^ (h >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    (h ^ (h >> 33)) >> 11
}

/// True with probability `1 - p`: 32 bits of a hash of position and state, against `p`. A loop around it vectorises.
#[inline(always)]
pub fn kept(state: u64, position: usize, p: f64) -> bool {
    let position = position as u64;
    let (low, high) = (state as u32, (state >> 32) as u32);
    let first = round(position as u32 ^ low);
    round(first ^ high ^ (position >> 32) as u32) >= (p * 4_294_967_296.0) as u32
}

/// Wellons' `lowbias32`.
#[inline(always)]
fn round(x: u32) -> u32 {
    let x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
    let x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
    x ^ (x >> 16)
}

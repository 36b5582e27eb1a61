//! A hash for small keys of our own making: what std's guards against, keys that somebody chose so that they collide, does
//! not come up here, and maps are asked often.

use std::hash::{BuildHasherDefault, Hasher};

/// For maps.
pub type Quick = BuildHasherDefault<Multiplied>;

/// Each word is mixed in by a rotation and a multiplication, as the compiler of Rust does.
#[derive(Clone, Default)]
pub struct Multiplied(u64);

impl Multiplied {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for Multiplied {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    /// The low bits, by which maps choose, come from all of the word.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

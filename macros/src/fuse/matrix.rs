//! A contraction as a product of matrices, or a batch of them: in come its letters, out comes which of them are the batch,
//! the rows, the columns and what is summed.

use crate::ir::graph::Letters;

pub struct Matrix {
    /// In both operands and the result.
    pub batch: Vec<u8>,
    /// In the first operand and the result.
    pub rows: Vec<u8>,
    /// In both operands only.
    pub summed: Vec<u8>,
    /// In the second operand and the result.
    pub columns: Vec<u8>,
}

impl Matrix {
    pub fn of(Letters { a, b, out }: &Letters) -> Self {
        let of = |all: &[u8], is: &dyn Fn(&u8) -> bool| all.iter().copied().filter(|l| is(l)).collect();
        Matrix {
            batch: of(out, &|l| a.contains(l) && b.contains(l)),
            rows: of(out, &|l| !b.contains(l)),
            summed: of(a, &|l| !out.contains(l)),
            columns: of(out, &|l| !a.contains(l)),
        }
    }
}

/// The letters of a matrix in the order in which they may lie in memory: the batch first, then rows and columns in either
/// order. As they are, if that is one of the two.
pub fn laid_out(letters: &[u8], [batch, first, second]: [&[u8]; 3]) -> Vec<u8> {
    match is_transposed(letters, [batch, first, second]) {
        true => letters.to_vec(),
        false => [batch, first, second].concat(),
    }
}

/// Whether the columns stand before the rows.
pub fn is_transposed(letters: &[u8], [batch, first, second]: [&[u8]; 3]) -> bool {
    let one = [batch, first, second].concat();
    letters != one && letters == [batch, second, first].concat()
}

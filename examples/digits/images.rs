//! The bundled images, with their digits, in two parts: to learn from, and held out.

use ndarray::{Array1, Array2, Array3, Axis};
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};

const TABLE: &str = include_str!("../data/digits.csv");
/// One image in five is held out.
const HELD_OUT: usize = 5;
/// By how many pixels an image is nudged, one move as likely as another.
const MOVES: [isize; 8] = [-1, 0, 0, 0, 0, 0, 0, 1];

/// Images with pixels from 0 to 1, and what they show.
pub struct Images {
    pub x: Array3<f32>,
    pub labels: Array1<usize>,
}

impl Images {
    pub fn bundled() -> Self {
        let numbers = TABLE.lines().flat_map(|line| line.split(',')).map(|n| n.parse().expect("a whole number"));
        let numbers: Vec<u8> = numbers.collect();
        let table = Array2::from_shape_vec((numbers.len() / 65, 65), numbers).expect("65 numbers a line");
        let pixels = table.slice(ndarray::s![.., ..64]).mapv(|pixel| f32::from(pixel) / 16.0);
        let x = pixels.into_shape_with_order((table.nrows(), 8, 8)).expect("64 pixels an image");
        Self { x, labels: table.column(64).mapv(usize::from) }
    }

    /// Those to learn from and those held out, by chance.
    pub fn split(&self, seed: u64) -> (Images, Images) {
        let mut rows: Vec<usize> = (0..self.labels.len()).collect();
        rows.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
        let held_out = rows.split_off(rows.len() - rows.len() / HELD_OUT);
        (self.select(&rows), self.select(&held_out))
    }

    pub fn select(&self, rows: &[usize]) -> Images {
        Images { x: self.x.select(Axis(0), rows), labels: self.labels.select(Axis(0), rows) }
    }

    /// All images once, in batches of at most `size`, in a new order, and some of them nudged.
    pub fn batches(&self, size: usize, rng: &mut impl Rng) -> impl Iterator<Item = Images> {
        let mut order: Vec<usize> = (0..self.labels.len()).collect();
        order.shuffle(rng);
        let batches: Vec<Vec<usize>> = order.chunks(size).map(<[usize]>::to_vec).collect();
        batches.into_iter().map(|rows| self.select(&rows).nudged(rng))
    }

    /// Every image moved up or down, and left or right, by one of [`MOVES`]: what it shows stays the same.
    fn nudged(mut self, rng: &mut impl Rng) -> Images {
        for mut image in self.x.outer_iter_mut() {
            let [down, right] = [0; 2].map(|_| MOVES[rng.random_range(0..MOVES.len())]);
            let before = image.to_owned();
            for ((row, column), pixel) in image.indexed_iter_mut() {
                let from = row.checked_add_signed(-down).zip(column.checked_add_signed(-right));
                *pixel = from.and_then(|from| before.get(from)).copied().unwrap_or(0.0);
            }
        }
        self
    }

    /// For how many images, of one, the largest score is that of their digit.
    pub fn accuracy(&self, scores: &Array2<f32>) -> f32 {
        let right = scores.rows().into_iter().zip(&self.labels).filter(|(scores, label)| {
            let best = (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            best == Some(**label)
        });
        right.count() as f32 / self.labels.len() as f32
    }
}

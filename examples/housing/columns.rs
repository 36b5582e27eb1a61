//! What each column does to the price: a ranked table of derivatives, and a word on what it can and cannot say.

use crate::homes::{Encoding, Feature, OTHER};
use crate::report::{Errors, dollars};
use ndarray::Array2;

/// Columns that say where a home stands, and with it who lives there.
pub const PEOPLE: [&str; 3] = ["Neighborhood", "Longitude", "Latitude"];

/// What one column of the table does to the price of the average held-out home.
pub struct Effect {
    column: &'static str,
    /// In dollars, the standard deviation over the homes of what the column adds to the price: its rank.
    spread: f32,
    detail: Detail,
}

enum Detail {
    /// Dollars as the column grows by one deviation, and how much that is in its own unit.
    Number { dollars: f32, deviation: f32 },
    /// Each level and its dollars against the average home, the lowest first.
    Levels(Vec<(String, f32)>),
}

/// The effects of all columns, the largest first.
///
/// `derivative` holds dollars per one unit of each number in `x`, which is one standard deviation of what it encodes.
pub fn effects(encoding: &Encoding, x: &Array2<f32>, derivative: &[f32]) -> Vec<Effect> {
    let mut effects: Vec<Effect> = encoding
        .columns()
        .into_iter()
        .map(|column| {
            let of_column = |j: &usize| encoding.features[*j].column == column;
            let numbers: Vec<usize> = (0..derivative.len()).filter(of_column).collect();
            effect(column, &numbers, encoding, x, derivative)
        })
        .collect();
    effects.sort_by(|a, b| b.spread.total_cmp(&a.spread));
    effects
}

fn effect(column: &'static str, numbers: &[usize], encoding: &Encoding, x: &Array2<f32>, derivative: &[f32]) -> Effect {
    let features: Vec<&Feature> = numbers.iter().map(|&j| &encoding.features[j]).collect();
    let added = |home: usize| numbers.iter().map(|&j| derivative[j] * x[[home, j]]).sum::<f32>();
    let added: Vec<f32> = (0..x.nrows()).map(added).collect();

    let detail = match features[0].level {
        None => Detail::Number { dollars: derivative[numbers[0]], deviation: features[0].deviation },
        Some(_) => Detail::Levels(levels(&features, numbers, derivative)),
    };
    Effect { column, spread: deviation(&added), detail }
}

/// Each level against the average home, in dollars, from the one that takes most to the one that adds most.
fn levels(features: &[&Feature], numbers: &[usize], derivative: &[f32]) -> Vec<(String, f32)> {
    let worth: Vec<f32> = features.iter().zip(numbers).map(|(f, &j)| derivative[j] / f.deviation).collect();
    let average: f32 = features.iter().zip(&worth).map(|(f, worth)| f.mean * worth).sum();
    let names = features.iter().map(|f| f.level.clone().expect("a level"));
    let mut levels: Vec<(String, f32)> = names.zip(worth.iter().map(|w| w - average)).collect();
    levels.sort_by(|a, b| a.1.total_cmp(&b.1));
    levels
}

/// Prints the ranked table.
pub fn print(effects: &[Effect]) {
    println!(
        "What each column does to the price: its derivative, averaged over the held-out homes, in dollars. A number:
as it grows by one standard deviation, all else equal. A name: its lowest and its highest level, against the
average home. The rank is by spread, the standard deviation over the homes of what the column adds.

      column                  spread"
    );
    for (rank, effect) in effects.iter().enumerate() {
        let mark = if PEOPLE.contains(&effect.column) { '*' } else { ' ' };
        let (spread, detail) = (dollars(effect.spread), describe(&effect.detail));
        println!("{:4}{mark} {:<20}{spread:>10}   {detail}", rank + 1, effect.column);
    }
}

fn describe(detail: &Detail) -> String {
    match detail {
        Detail::Number { dollars, deviation } => format!("{} for +{}", signed(*dollars), three_digits(*deviation)),
        Detail::Levels(levels) => {
            let (lowest, highest) = ends(levels);
            format!("{} {} to {} {}", lowest.0, signed(lowest.1), highest.0, signed(highest.1))
        }
    }
}

/// The level that takes most and the one that adds most, of those that have a name.
fn ends(levels: &[(String, f32)]) -> (&(String, f32), &(String, f32)) {
    let mut named = levels.iter().filter(|(name, _)| name != OTHER);
    let lowest = named.next().expect("a level");
    (lowest, named.next_back().unwrap_or(lowest))
}

/// What to make of the table, and of the columns in it that stand for people.
pub fn print_word_on_people(effects: &[Effect]) {
    let address = effects.iter().find(|effect| effect.column == PEOPLE[0]).expect("a column of the table");
    let Detail::Levels(levels) = &address.detail else { panic!("{} holds names", address.column) };
    let (lowest, highest) = ends(levels);
    let (low, high, difference) = (&lowest.0, &highest.0, dollars(highest.1 - lowest.1));
    println!(
        "
These are correlations that the network found, not causes: a column also answers for whatever goes with it and has
no column of its own.

The columns with a * stand for people. They do not describe a house: where it stands says who lives there, and who
was let live there. For the name of the neighbourhood alone, this network gives {difference} more in {high} than
in {low}. It did not find that fair, it repeats what was paid. What it may repeat was decided by whoever
put the column on the conveyor belt: a biased column in makes a biased model out. The derivative shows by how much."
    );
}

/// How the prices that a network predicts differ between neighbourhoods: the standard deviation of their means.
///
/// `x` is encoded with the neighbourhood, whatever the network saw.
pub fn gap_between_neighbourhoods(encoding: &Encoding, x: &Array2<f32>, predicted: &Array2<f32>) -> f32 {
    let neighbourhoods = (0..x.ncols()).filter(|&j| encoding.features[j].column == PEOPLE[0]);
    let means = neighbourhoods.flat_map(|j| {
        let homes: Vec<f32> = (0..x.nrows()).filter(|&i| x[[i, j]] > 0.0).map(|i| predicted[[i, 0]]).collect();
        vec![homes.iter().sum::<f32>() / homes.len() as f32; homes.len()]
    });
    deviation(&means.collect::<Vec<_>>())
}

/// What happens without those columns.
pub fn print_word_on_leaving_out(errors: &Errors, gap: f32) {
    println!(
        "
Leaving such columns out is a decision too, and it does not make a network blind. Trained again without these three, it
errs by {} on average, and its prices differ between neighbourhoods {:.0}% as much as before: the size, the age
and the kind of a house go with the place, and tell it.",
        dollars(errors.mean_absolute),
        100.0 * gap
    );
}

fn signed(amount: f32) -> String {
    format!("{}{}", if amount < 0.0 { "" } else { "+" }, dollars(amount))
}

fn deviation(values: &[f32]) -> f32 {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt()
}

/// The first three digits that count.
fn three_digits(x: f32) -> String {
    let before_point = x.log10().floor() as i32 + 1;
    format!("{x:.0$}", (3 - before_point).max(0) as usize)
}

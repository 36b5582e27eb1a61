//! In: the bundled table of homes, as text. Out: numbers that a network can read, one row a home.
//!
//! Whatever is learned from the data on the way (a median, the common levels of a column, means and deviations) is
//! learned from the training rows alone.

use Kind::{LeftOut, Named, Number, Ordered};
use ndarray::Array2;
use std::collections::BTreeMap;
use std::error::Error;

/// A level with fewer training homes than this shares a column with the other rare ones.
const RARE: usize = 10;

/// The name of that column.
pub const OTHER: &str = "(others)";

/// Standardised numbers stay within this many deviations: a lot of 215,000 square feet is a large lot, not a lever.
const BOUND: f32 = 4.0;

/// Five homes have more square feet of living area, and are not read. Three of them are partial sales, whose prices say
/// little about the market and much about which model has the smallest squared error. To leave all five out is the
/// advice of the collector: De Cock, "Ames, Iowa: alternative to the Boston housing data as an end of semester
/// regression project", Journal of Statistics Education 19(3), 2011.
const LARGEST: f32 = 4000.0;

/// The column that is to be predicted.
const PRICE: &str = "Sale_Price";

/// In this column alone, 0 says that nobody measured.
const UNMEASURED: &str = "Lot_Frontage";

/// Networks count in 100,000 dollars, so that their numbers are near 1.
pub const UNIT: f32 = 100_000.0;

/// What the cells of a column are.
enum Kind {
    Number,
    /// Words with an order, worst first: the place in the order becomes a number.
    Ordered(&'static [&'static str]),
    /// Words without an order: each that is not rare becomes a number of its own, 1 where a home has it and else 0.
    Named,
    /// Not shown to the network, with the reason.
    LeftOut(&'static str),
}

const CONDITION: Kind = Ordered(&["Poor", "Fair", "Typical", "Good", "Excellent"]);
const FINISH: Kind = Ordered(&["No_Basement", "Unf", "LwQ", "Rec", "BLQ", "ALQ", "GLQ"]);

/// The conveyor belt: what the network gets to see of a home, in the order of the table.
const COLUMNS: [(&str, Kind); 73] = [
    ("MS_SubClass", LeftOut("says again Bldg_Type, House_Style and Year_Built")),
    ("MS_Zoning", Named),
    ("Lot_Frontage", Number),
    ("Lot_Area", Number),
    ("Street", Named),
    ("Alley", Named),
    ("Lot_Shape", Ordered(&["Irregular", "Moderately_Irregular", "Slightly_Irregular", "Regular"])),
    ("Land_Contour", Named),
    ("Utilities", LeftOut("the same for all homes but three")),
    ("Lot_Config", Named),
    ("Land_Slope", Ordered(&["Sev", "Mod", "Gtl"])),
    ("Neighborhood", Named),
    ("Condition_1", Named),
    ("Condition_2", Named),
    ("Bldg_Type", Named),
    ("House_Style", Named),
    (
        "Overall_Cond",
        Ordered(&[
            "Very_Poor",
            "Poor",
            "Fair",
            "Below_Average",
            "Average",
            "Above_Average",
            "Good",
            "Very_Good",
            "Excellent",
        ]),
    ),
    ("Year_Built", Number),
    ("Year_Remod_Add", Number),
    ("Roof_Style", Named),
    ("Roof_Matl", Named),
    ("Exterior_1st", Named),
    ("Exterior_2nd", LeftOut("the same as Exterior_1st for nine homes in ten")),
    ("Mas_Vnr_Type", Named),
    ("Mas_Vnr_Area", Number),
    ("Exter_Cond", CONDITION),
    ("Foundation", Named),
    ("Bsmt_Cond", Ordered(&["No_Basement", "Poor", "Fair", "Typical", "Good", "Excellent"])),
    ("Bsmt_Exposure", Ordered(&["No_Basement", "No", "Mn", "Av", "Gd"])),
    ("BsmtFin_Type_1", FINISH),
    ("BsmtFin_SF_1", LeftOut("holds a code from 0 to 7 where square feet should stand")),
    ("BsmtFin_Type_2", FINISH),
    ("BsmtFin_SF_2", Number),
    ("Bsmt_Unf_SF", Number),
    ("Total_Bsmt_SF", Number),
    ("Heating", Named),
    ("Heating_QC", CONDITION),
    ("Central_Air", Ordered(&["N", "Y"])),
    ("Electrical", Named),
    ("First_Flr_SF", LeftOut("Gr_Liv_Area less Second_Flr_SF, for nearly every home")),
    ("Second_Flr_SF", Number),
    ("Gr_Liv_Area", Number),
    ("Bsmt_Full_Bath", Number),
    ("Bsmt_Half_Bath", Number),
    ("Full_Bath", Number),
    ("Half_Bath", Number),
    ("Bedroom_AbvGr", Number),
    ("Kitchen_AbvGr", Number),
    ("TotRms_AbvGrd", Number),
    ("Functional", Ordered(&["Sal", "Sev", "Maj2", "Maj1", "Mod", "Min2", "Min1", "Typ"])),
    ("Fireplaces", Number),
    ("Garage_Type", Named),
    ("Garage_Finish", Ordered(&["No_Garage", "Unf", "RFn", "Fin"])),
    ("Garage_Cars", Number),
    ("Garage_Area", Number),
    ("Garage_Cond", LeftOut("Typical for 96 garages in 100, and Garage_Type knows who has none")),
    ("Paved_Drive", Ordered(&["Dirt_Gravel", "Partial_Pavement", "Paved"])),
    ("Wood_Deck_SF", Number),
    ("Open_Porch_SF", Number),
    ("Enclosed_Porch", Number),
    ("Three_season_porch", Number),
    ("Screen_Porch", Number),
    ("Pool_Area", Number),
    ("Pool_QC", LeftOut("a dozen homes have a pool, and Pool_Area knows them")),
    ("Fence", Named),
    ("Misc_Feature", Named),
    ("Misc_Val", Number),
    ("Mo_Sold", Named),
    ("Year_Sold", Number),
    ("Sale_Type", Named),
    ("Sale_Condition", Named),
    ("Longitude", Number),
    ("Latitude", Number),
];

/// The columns that no network sees, each with the reason.
pub fn left_out() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS.iter().filter_map(|(column, kind)| match kind {
        LeftOut(why) => Some((*column, *why)),
        _ => None,
    })
}

/// The table as it stands in the file.
pub struct Table {
    /// The cells of each of [`COLUMNS`], from the first home to the last.
    columns: Vec<Vec<String>>,
    prices: Vec<f32>,
}

/// Homes as a network sees them.
pub struct Homes {
    /// Standardised columns, one row a home.
    pub x: Array2<f32>,
    /// What each was sold for, in [`UNIT`]s.
    pub y: Array2<f32>,
}

impl Table {
    /// Reads the table that is bundled with this example.
    pub fn bundled() -> Result<Self, Box<dyn Error>> {
        let mut reader = csv::Reader::from_reader(include_str!("../data/ames.csv").as_bytes());
        let header = reader.headers()?.clone();
        let place = |name: &str| header.iter().position(|h| h == name).ok_or(format!("no column `{name}`"));
        let places = COLUMNS.iter().map(|(name, _)| place(name)).collect::<Result<Vec<_>, _>>()?;
        let (price, area) = (place(PRICE)?, place("Gr_Liv_Area")?);

        let mut table = Self { columns: vec![Vec::new(); COLUMNS.len()], prices: Vec::new() };
        for record in reader.records() {
            let record = record?;
            if record[area].parse::<f32>()? > LARGEST {
                continue;
            }
            table.prices.push(record[price].parse()?);
            table.columns.iter_mut().zip(&places).for_each(|(column, &at)| column.push(record[at].into()));
        }
        Ok(table)
    }

    /// How many homes there are.
    pub fn len(&self) -> usize {
        self.prices.len()
    }
}

/// One number that the network sees.
pub struct Feature {
    /// The column of the table that it comes from.
    pub column: &'static str,
    /// Which level it stands for, where the column holds names: `1` is yes.
    pub level: Option<String>,
    /// Where the column is in the table.
    place: usize,
    reading: Reading,
    /// Over the training homes; for a level, how large a part of them has it.
    pub mean: f32,
    /// What one standard deviation over the training homes is, in the column's own unit.
    pub deviation: f32,
}

impl Feature {
    fn standardise(&self, cell: &str) -> f32 {
        let standard = (self.reading.read(cell) - self.mean) / self.deviation;
        if self.level.is_some() { standard } else { standard.clamp(-BOUND, BOUND) }
    }
}

/// How a cell becomes a number.
enum Reading {
    Number,
    NumberOr(f32),
    IsUnmeasured,
    Rank(&'static [&'static str]),
    Is(String),
    IsNoneOf(Vec<String>),
}

impl Reading {
    fn read(&self, cell: &str) -> f32 {
        let number = || cell.parse::<f32>().unwrap_or_else(|_| panic!("`{cell}` is no number"));
        let truth = |yes: bool| if yes { 1.0 } else { 0.0 };
        match self {
            Self::Number => number(),
            Self::NumberOr(value) => Some(number()).filter(|&x| x != 0.0).unwrap_or(*value),
            Self::IsUnmeasured => truth(number() == 0.0),
            Self::Rank(levels) => match levels.iter().position(|level| *level == cell) {
                Some(rank) => rank as f32,
                None => panic!("`{cell}` is none of {levels:?}"),
            },
            Self::Is(level) => truth(level == cell),
            Self::IsNoneOf(levels) => truth(levels.iter().all(|level| level != cell)),
        }
    }
}

/// How homes become rows of numbers: fitted to the training homes, then applied to any.
pub struct Encoding {
    pub features: Vec<Feature>,
}

impl Encoding {
    /// Learns levels, means and deviations from the homes of `rows`.
    pub fn fit(table: &Table, rows: &[usize]) -> Self {
        let mut features = Vec::new();
        for (place, ((column, kind), cells)) in COLUMNS.iter().zip(&table.columns).enumerate() {
            let cells: Vec<&str> = rows.iter().map(|&row| cells[row].as_str()).collect();
            for (level, reading) in readings(column, kind, &cells) {
                let values: Vec<f32> = cells.iter().map(|cell| reading.read(cell)).collect();
                let (mean, deviation) = moments(&values);
                if deviation > 0.0 {
                    features.push(Feature { column, level, place, reading, mean, deviation });
                }
            }
        }
        Self { features }
    }

    /// The columns of the table that the network sees, each once.
    pub fn columns(&self) -> Vec<&'static str> {
        let mut columns: Vec<_> = self.features.iter().map(|feature| feature.column).collect();
        columns.dedup();
        columns
    }

    /// The same numbers but those of some columns.
    pub fn without(mut self, columns: &[&str]) -> Self {
        self.features.retain(|feature| !columns.contains(&feature.column));
        self
    }

    /// The homes of `rows`, in this order.
    pub fn apply(&self, table: &Table, rows: &[usize]) -> Homes {
        let x = Array2::from_shape_fn((rows.len(), self.features.len()), |(i, j)| {
            let feature = &self.features[j];
            feature.standardise(&table.columns[feature.place][rows[i]])
        });
        let y = Array2::from_shape_fn((rows.len(), 1), |(i, _)| table.prices[rows[i]] / UNIT);
        Homes { x, y }
    }
}

/// The numbers that a column becomes, each with the level that it stands for.
fn readings(column: &str, kind: &Kind, cells: &[&str]) -> Vec<(Option<String>, Reading)> {
    match kind {
        LeftOut(_) => Vec::new(),
        Ordered(levels) => vec![(None, Reading::Rank(levels))],
        Number if column == UNMEASURED => {
            vec![(None, Reading::NumberOr(median_measured(cells))), (Some("unmeasured".into()), Reading::IsUnmeasured)]
        }
        Number => vec![(None, Reading::Number)],
        Named => {
            let common = common_levels(cells);
            let rare = cells.iter().filter(|cell| common.iter().all(|level| level != *cell)).count();
            if common.len() < 2 && rare < RARE {
                return Vec::new();
            }
            let others = (rare >= RARE).then(|| (Some(OTHER.into()), Reading::IsNoneOf(common.clone())));
            let each = common.iter().map(|level| (Some(level.clone()), Reading::Is(level.clone())));
            each.chain(others).collect()
        }
    }
}

/// The levels that are not rare, in alphabetical order.
fn common_levels(cells: &[&str]) -> Vec<String> {
    let mut counts = BTreeMap::<&str, usize>::new();
    cells.iter().for_each(|cell| *counts.entry(cell).or_default() += 1);
    counts.into_iter().filter(|(_, count)| *count >= RARE).map(|(level, _)| level.into()).collect()
}

fn median_measured(cells: &[&str]) -> f32 {
    let mut measured: Vec<f32> = cells.iter().map(|cell| Reading::Number.read(cell)).filter(|&x| x != 0.0).collect();
    measured.sort_by(f32::total_cmp);
    measured[measured.len() / 2]
}

/// Mean and standard deviation, summed in `f64`: a longitude varies in its fifth digit.
fn moments(values: &[f32]) -> (f32, f32) {
    let mean_of = |f: &dyn Fn(f64) -> f64| values.iter().map(|&x| f(x.into())).sum::<f64>() / values.len() as f64;
    let mean = mean_of(&|x| x);
    let deviation = mean_of(&|x| (x - mean).powi(2)).sqrt();
    (mean as f32, deviation as f32)
}

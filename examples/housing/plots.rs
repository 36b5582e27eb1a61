//! Two pictures of a training run, as SVG.

use crate::homes::UNIT;
use ndarray::Array2;
use plotters::coord::Shift;
use plotters::prelude::*;
use std::error::Error;
use std::path::Path;

type Page<'a> = DrawingArea<SVGBackend<'a>, Shift>;

const WIDE: (u32, u32) = (760, 520);
const SQUARE: (u32, u32) = (560, 560);
const SMALL: (&str, u32) = ("sans-serif", 13);
const BLUE: RGBColor = RGBColor(31, 98, 168);
const ORANGE: RGBColor = RGBColor(214, 110, 24);

/// The error on the training homes and on the held-out ones, epoch by epoch.
pub fn loss_curve(path: &Path, curve: &[[f32; 2]]) -> Result<(), Box<dyn Error>> {
    let page = page(path, WIDE)?;
    let all = curve.iter().flatten();
    let (least, most) = all.fold((f32::MAX, 0.0_f32), |(least, most), &e| (least.min(e), most.max(e)));
    let mut chart = ChartBuilder::on(&page)
        .caption("Error while training", ("sans-serif", 22))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(1..curve.len(), (least * 0.9..most * 1.1).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc("root mean squared error of the log price")
        .label_style(SMALL)
        .light_line_style(WHITE)
        .draw()?;
    for (k, (name, colour)) in [("training homes", BLUE), ("held-out homes", ORANGE)].into_iter().enumerate() {
        let points = curve.iter().enumerate().map(|(epoch, errors)| (epoch + 1, errors[k]));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().label_font(SMALL).background_style(WHITE).border_style(BLACK.mix(0.3)).draw()?;
    Ok(page.present()?)
}

/// A dot for each home: what it was sold for, and what the network says.
pub fn predicted_against_actual(
    path: &Path,
    predicted: &Array2<f32>,
    actual: &Array2<f32>,
) -> Result<(), Box<dyn Error>> {
    let page = page(path, SQUARE)?;
    let most = predicted.iter().chain(actual).copied().fold(0.0_f32, f32::max) * 1.04;
    let mut chart = ChartBuilder::on(&page)
        .caption("Held-out homes", ("sans-serif", 22))
        .margin(16)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..most, 0.0..most)?;
    let thousands = |price: &f32| format!("${:.0}k", price * UNIT / 1e3);
    chart
        .configure_mesh()
        .x_desc("sold for")
        .y_desc("predicted")
        .x_label_formatter(&thousands)
        .y_label_formatter(&thousands)
        .label_style(SMALL)
        .light_line_style(WHITE)
        .draw()?;
    chart.draw_series(LineSeries::new([(0.0, 0.0), (most, most)], BLACK.mix(0.6)))?;
    let dots = actual.iter().zip(predicted);
    chart.draw_series(dots.map(|(&x, &y)| Circle::new((x, y), 3, BLUE.mix(0.5).filled())))?;
    Ok(page.present()?)
}

fn page(path: &Path, size: (u32, u32)) -> Result<Page<'_>, Box<dyn Error>> {
    let page = SVGBackend::new(path, size).into_drawing_area();
    page.fill(&WHITE)?;
    Ok(page)
}

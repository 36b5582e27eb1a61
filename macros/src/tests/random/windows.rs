//! Convolutions and pooling, on images whose sizes are numbers or names. What a wanted shape lacks of their axes is reduced.

use super::build::defined;
use super::grow::{Grower, Growth, is_plain};
use super::{Expr, Place};
use crate::ir::dim::{Dim, Shape};
use crate::op;
use crate::tests::interpret::positions;

const ALL: [Growth; 7] = [
    |grower, shape, _, depth| grower.convolution(1, shape, depth),
    |grower, shape, _, depth| grower.convolution(2, shape, depth),
    |grower, shape, _, depth| grower.transposed(shape, depth),
    |grower, shape, _, depth| grower.pool("max_pool", shape, depth),
    |grower, shape, _, depth| grower.pool("avg_pool", shape, depth),
    |grower, shape, _, depth| grower.global_average(1, shape, depth),
    |grower, shape, _, depth| grower.global_average(2, shape, depth),
];

/// How windows lie along one axis.
#[derive(Clone, Copy, Debug)]
struct Lie {
    size: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
}

impl Lie {
    /// The place that element `k` of window `i` has, if it is not in the padding.
    fn place(&self, i: usize, k: usize, within: usize) -> Option<usize> {
        (i * self.stride + k * self.dilation).checked_sub(self.padding).filter(|place| *place < within)
    }

    /// What is left of the axis beside `stride · count`.
    fn rest(&self) -> i64 {
        let [size, stride, padding, dilation] = [self.size, self.stride, self.padding, self.dilation].map(|n| n as i64);
        dilation * (size - 1) + 1 - stride - 2 * padding
    }

    /// The axis that has so many windows, with a place or none left over at its end.
    fn axis(&mut self, count: &Dim, more: usize) -> Dim {
        let least = |lie: &Lie| match count.as_number() {
            Some(count) => lie.stride as i64 * count + lie.rest() - 1,
            // A name may stand for 0.
            None => lie.rest(),
        };
        if least(self) < 0 {
            self.padding = 0;
        }
        if least(self) < 0 {
            self.stride = 1;
        }
        let more = more.min(self.stride - 1) as i64;
        &(count * &Dim::number(self.stride as i64)) + &Dim::number(self.rest() + more)
    }
}

/// `, stride = 2`, or `, stride = [2, 1]`; nothing where it is what is meant anyway.
fn option(name: &str, values: &[usize], otherwise: usize) -> String {
    match values {
        [first, rest @ ..] if rest.iter().all(|v| v == first) => match *first == otherwise {
            true => String::new(),
            false => format!(", {name} = {first}"),
        },
        values => format!(", {name} = {values:?}"),
    }
}

fn options(lies: &[Lie]) -> String {
    let of = |read: fn(&Lie) -> usize| lies.iter().map(read).collect::<Vec<usize>>();
    let (stride, padding) = (option("stride", &of(|l| l.stride), 1), option("padding", &of(|l| l.padding), 0));
    stride + &padding + &option("dilation", &of(|l| l.dilation), 1)
}

impl Grower {
    pub fn windows(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        self.any_of(&ALL, shape, depth)
    }

    /// A shape of this rank that starts with the one that is wanted: channels of which there are few, then an image.
    fn image(&mut self, shape: &Shape, rank: usize) -> Option<Shape> {
        let plain = shape.iter().skip(1).all(is_plain);
        if shape.len() > rank || !plain {
            return None;
        }
        let mut image = shape.clone();
        while image.len() < rank {
            let few = Dim::number(1 + self.random.below(3) as i64);
            let any = image.len() != 1 && self.one_in(3);
            image.push(if any { self.plain_dim() } else { few });
        }
        Some(image)
    }

    fn reduced(&mut self, x: Expr, rank: usize) -> Expr {
        let axes: Vec<usize> = (rank..x.shape.len()).collect();
        let op = self.pick(&["mean", "sum", "mean", "max"]);
        if axes.is_empty() { x } else { self.reduce(op, x, axes, false) }
    }

    fn lie(&mut self) -> Lie {
        let mut pick = |least: usize, count: usize| least + self.random.below(count);
        Lie { size: pick(1, 3), stride: pick(1, 2), padding: pick(0, 2), dilation: pick(1, 2) }
    }

    /// A number of groups that divides the channels.
    fn groups(&mut self, channels: &Dim) -> usize {
        let channels = channels.as_number().unwrap_or(1) as usize;
        let dividing: Vec<usize> = (1..=channels.max(1)).filter(|g| channels.is_multiple_of(*g)).collect();
        if self.one_in(2) { 1 } else { self.pick(&dividing) }
    }

    fn convolution(&mut self, axes: usize, shape: &Shape, depth: usize) -> Option<Expr> {
        let out = self.image(shape, axes + 2)?;
        let groups = self.groups(&out[1]);
        let each = 1 + self.random.below(2);
        let mut lies: Vec<Lie> = (0..axes).map(|_| self.lie()).collect();
        let more = self.random.below(2);
        let image: Vec<Dim> = lies.iter_mut().zip(&out[2..]).map(|(lie, count)| lie.axis(count, more)).collect();
        let number = |n: usize| Dim::number(n as i64);
        let x: Shape = [out[0].clone(), number(groups * each)].into_iter().chain(image).collect();
        let w: Shape = [out[1].clone(), number(each)].into_iter().chain(lies.iter().map(|l| number(l.size))).collect();
        let text = format!("conv{axes}d($0, $1{}{})", options(&lies), option("groups", &[groups], 1));
        let y = self.of(text, &[x, w], &out, depth, move |p| {
            let [x, w] = [&p.args[0], &p.args[1]];
            let first = p.at[1] / (p.shape[1] / groups) * each;
            let term = |inner: &Vec<usize>| {
                let place = |k: usize| lies[k].place(p.at[2 + k], inner[1 + k], x.shape[2 + k]);
                let places: Option<Vec<usize>> = (0..axes).map(place).collect();
                let of_image = |places: Vec<usize>| x.at(&[&[p.at[0], first + inner[0]], &places[..]].concat());
                places.map_or(0.0, of_image) * w.at(&[&p.at[1..2], &inner[..]].concat())
            };
            positions(&w.shape[1..]).iter().map(term).sum()
        });
        Some(self.reduced(y, shape.len()))
    }

    fn transposed(&mut self, shape: &Shape, depth: usize) -> Option<Expr> {
        let mut out = self.image(shape, 4)?;
        let groups = self.groups(&out[1]);
        let each = 1 + self.random.below(2);
        let (mut lies, mut image, mut padding) = (Vec::new(), Vec::new(), Vec::new());
        for axis in 2..4 {
            let wanted = (axis < shape.len()).then(|| shape[axis].clone());
            let (lie, count, more, size) = self.overlap(wanted)?;
            lies.push(lie);
            image.push(Dim::number(count));
            padding.push(more);
            out[axis] = Dim::number(size);
        }
        let number = |n: usize| Dim::number(n as i64);
        let x: Shape = [out[0].clone(), number(groups * each)].into_iter().chain(image).collect();
        let own = out[1].exactly_divided(&number(groups)).expect("groups divide channels");
        let w: Shape = [number(groups * each), own].into_iter().chain(lies.iter().map(|l| number(l.size))).collect();
        let more = option("output_padding", &padding, 0);
        let text = format!("conv_transpose2d($0, $1{}{more}{})", options(&lies), option("groups", &[groups], 1));
        let y = self.of(text, &[x, w], &out, depth, move |p| {
            let [x, w] = [&p.args[0], &p.args[1]];
            let (group, own) = (p.at[1] / w.shape[1], p.at[1] % w.shape[1]);
            let term = |inner: &Vec<usize>| {
                let [c, i, j, u, v] = inner[..] else { unreachable!("five letters") };
                let meets = lies[0].place(i, u, p.shape[2]) == Some(p.at[2])
                    && lies[1].place(j, v, p.shape[3]) == Some(p.at[3]);
                let c = group * each + c;
                if meets { x.at(&[p.at[0], c, i, j]) * w.at(&[c, own, u, v]) } else { 0.0 }
            };
            positions(&[&[each], &x.shape[2..], &w.shape[2..]].concat()).iter().map(term).sum()
        });
        Some(self.reduced(y, shape.len()))
    }

    /// How an axis of windows lies in its transpose: with their number, with what stands at the end, and with the size.
    fn overlap(&mut self, wanted: Option<Dim>) -> Option<(Lie, i64, usize, i64)> {
        let wanted = wanted.map(|dim| dim.as_number().ok_or(())).transpose().ok()?;
        let tries = (0..30).map(|_| {
            let (lie, count) = (self.lie(), 1 + self.random.below(3));
            let more = self.random.below(lie.stride.max(lie.dilation));
            let size = (count * lie.stride + more) as i64 + lie.rest();
            (lie, count as i64, more, size)
        });
        tries.into_iter().find(|(.., size)| wanted.map_or(*size > 0, |wanted| *size == wanted))
    }

    fn pool(&mut self, name: &str, shape: &Shape, depth: usize) -> Option<Expr> {
        let first = if shape.len() <= 2 && self.one_in(4) { 0 } else { 2 };
        let axes = if first == 0 { 2 } else { 1 + self.random.below(2) };
        let out = self.image(shape, first + axes)?;
        if first == 0 && !is_plain(&out[0]) {
            return None;
        }
        let mut lies: Vec<Lie> = (0..axes).map(|_| Lie { dilation: 1, ..self.lie() }).collect();
        let plain = self.one_in(2);
        lies.iter_mut().for_each(|lie| {
            lie.padding = lie.padding.min(lie.size / 2);
            lie.stride = if plain { lie.size } else { lie.stride };
        });
        let more = self.random.below(2);
        let image: Vec<Dim> = lies.iter_mut().zip(&out[first..]).map(|(lie, count)| lie.axis(count, more)).collect();
        let x: Shape = out[..first].iter().cloned().chain(image).collect();
        let sizes: Vec<usize> = lies.iter().map(|l| l.size).collect();
        let size = option("size", &sizes, 0);
        let strides: Vec<usize> = lies.iter().map(|l| l.stride).collect();
        let stride = if strides == sizes { String::new() } else { option("stride", &strides, 0) };
        let padding = option("padding", &lies.iter().map(|l| l.padding).collect::<Vec<usize>>(), 0);
        let (maximum, larger) = (name == "max_pool", op::known("max").value);
        let arg = self.expr(&x, depth);
        let range = (arg.range.0.min(0.0), arg.range.1.max(0.0));
        let element = move |p: &Place| {
            let value = |inner: &Vec<usize>| {
                let place = |k: usize| lies[k].place(p.at[first + k], inner[k], p.args[0].shape[first + k]);
                let places: Option<Vec<usize>> = (0..axes).map(place).collect();
                places.map(|places| p.args[0].at(&[&p.at[..first], &places[..]].concat()))
            };
            let inside = positions(&sizes);
            let values = inside.iter().filter_map(value);
            match maximum {
                true => values.fold(f64::NEG_INFINITY, |m, x| larger(&[m, x])),
                false => values.sum::<f64>() / inside.len() as f64,
            }
        };
        let y = defined(format!("{name}($0{size}{stride}{padding})"), vec![arg], &out, range, element);
        Some(self.reduced(y, shape.len()))
    }

    fn global_average(&mut self, axes: usize, shape: &Shape, depth: usize) -> Option<Expr> {
        let out = self.image(shape, 2)?;
        let x: Shape = out.iter().cloned().chain((0..axes).map(|_| self.plain_dim())).collect();
        let arg = self.expr(&x, depth);
        let range = arg.range;
        let element = |p: &Place| {
            let inside = positions(&p.args[0].shape[2..]);
            let values = inside.iter().map(|inner| p.args[0].at(&[p.at, &inner[..]].concat()));
            values.sum::<f64>() / inside.len() as f64
        };
        let y = defined("global_avg_pool($0)", vec![arg], &out, range, element);
        Some(self.reduced(y, shape.len()))
    }
}

//! Convolutions and pooling: windows of the axes of an image, and a product or a reduction over them. All sizes are
//! known as polynomials: `count = (size + 2 · padding - dilation · (window - 1) - 1) / stride + 1`, rounded down.

use super::apply::{self, At, Mismatch, Settings};
use super::shape::padded;
use super::{DEFAULT, Derivative, Family, Meaning, Op};
use crate::ir::along::Along;
use crate::ir::dim::{Dim, Shape, show};
use crate::ir::graph::{Dtype, Fold, Graph, Id, Letters};

const CONVOLUTION: Op = Op {
    family: Family::Windows,
    args: &["x", "w"],
    options: &["stride", "padding", "dilation", "groups"],
    positional: &["stride", "padding", "dilation", "groups"],
    derivative: Derivative::Inner,
    ..DEFAULT
};

const POOLING: Op = Op {
    args: &["x"],
    options: &["size", "stride", "padding"],
    positional: &["size", "stride", "padding"],
    ..CONVOLUTION
};

pub const OPS: &[Op] = &[
    Op {
        name: "conv1d",
        meaning: Meaning::Built(|graph, args, settings| convolution("conv1d", graph, args, settings, 1)),
        math: "{x} ∗ {w}",
        doc: "Cross-correlation of `[N, C, L]` with `[O, C / groups, K]`; also of one channel, `[L]` with `[K]`.",
        ..CONVOLUTION
    },
    Op {
        name: "conv2d",
        meaning: Meaning::Built(|graph, args, settings| convolution("conv2d", graph, args, settings, 2)),
        math: "{x} ∗ {w}",
        doc: "Cross-correlation of `[N, C, H, W]` with `[O, C / groups, K, L]`; also of one channel, `[H, W]` with `[K, L]`.",
        ..CONVOLUTION
    },
    Op {
        name: "conv_transpose2d",
        options: &["stride", "padding", "output_padding", "dilation", "groups"],
        meaning: Meaning::Built(transposed),
        math: "{x} ∗ᵀ {w}",
        doc: "The transpose of `conv2d`, its pullback to an image: of `[N, C, H, W]` with `[C, O / groups, K, L]`.",
        ..CONVOLUTION
    },
    Op {
        name: "max_pool",
        aliases: &["max_pool2d", "max_pool1d"],
        meaning: Meaning::Built(|graph, args, settings| pool("max_pool", graph, args[0], settings)),
        math: "max_pool({x})",
        doc: "The maximum of each window of the last axes of `[N, C, H, W]` or `[N, C, L]`; the stride is the size unless it is named. Ties share the gradient evenly.",
        ..POOLING
    },
    Op {
        name: "avg_pool",
        aliases: &["avg_pool2d", "avg_pool1d"],
        meaning: Meaning::Built(|graph, args, settings| pool("avg_pool", graph, args[0], settings)),
        math: "avg_pool({x})",
        doc: "The mean of each window of the last axes of `[N, C, H, W]` or `[N, C, L]`, padding counted; the stride is the size unless it is named.",
        ..POOLING
    },
    Op {
        name: "global_avg_pool",
        options: &[],
        meaning: Meaning::Built(global_average),
        math: "mean({x})",
        doc: "The mean over all axes after the channels: `[N, C, H, W]` becomes `[N, C]`.",
        ..POOLING
    },
];

/// How windows lie along one axis.
#[derive(Clone, Copy)]
struct Lie {
    stride: i64,
    padding: i64,
    dilation: i64,
}

impl Lie {
    /// For each of the last `axes` axes.
    fn read(settings: &Settings, axes: usize, stride: [i64; 2]) -> Result<Vec<Lie>, Mismatch> {
        let strides = match settings.get("stride") {
            None => stride,
            Some(_) => settings.pair("stride", 1, 1)?,
        };
        let (paddings, dilations) = (settings.pair("padding", 0, 0)?, settings.pair("dilation", 1, 1)?);
        let first = 2 - axes;
        let lie = |k: usize| Lie { stride: strides[k], padding: paddings[k], dilation: dilations[k] };
        Ok((first..2).map(lie).collect())
    }

    fn formula(&self, size: &Dim, window: &Dim) -> String {
        let Lie { stride, padding, dilation } = self;
        format!("({size} + 2 · {padding} - {dilation} · ({window} - 1) - 1) / {stride} + 1")
    }

    /// How many windows there are.
    fn count(&self, name: &str, size: &Dim, window: &Dim) -> Result<Dim, Mismatch> {
        let one = Dim::number(1);
        let reach = &Dim::number(self.dilation) * &(window - &one);
        let room = &(size + &Dim::number(2 * self.padding)) - &reach;
        let room = &room - &one;
        let formula = self.formula(size, window);
        if room.is_negative() || window.as_number().is_some_and(|n| n < 1) {
            let text = format!("no window of {window} fits an axis of {size}: `{name}` gives {formula} elements");
            return Err(Mismatch::new(text).hint("the size + 2 · padding must be at least dilation · (window - 1) + 1"));
        }
        Ok(&room.quotient(self.stride) + &one)
    }
}

/// `x` with its `axis` in windows: the axis becomes `[count, window]`. What stands around it is there already.
fn windows(graph: &mut Graph, name: &str, x: Id, axis: usize, window: &Dim, lie: Lie) -> Result<Id, Mismatch> {
    let count = Lie { padding: 0, ..lie }.count(name, &graph.shape(x)[axis].clone(), window)?;
    let op = Along::Windows { stride: lie.stride, dilation: lie.dilation };
    Ok(graph.along(axis, op, vec![x], &[count, window.clone()]))
}

/// Image and filter with an axis for a batch and for channels, if they come without.
fn with_channels(graph: &mut Graph, name: &str, args: &[Id], axes: usize) -> Result<[Id; 2], Mismatch> {
    let ranks = [graph.shape(args[0]).len(), graph.shape(args[1]).len()];
    let ones = |graph: &mut Graph, id: Id, count: usize| {
        let shape: Shape = vec![Dim::number(1); count].into_iter().chain(graph.shape(id).iter().cloned()).collect();
        graph.reshape(id, &shape)
    };
    match ranks {
        [x, w] if x == axes + 2 && w == axes + 2 => Ok([args[0], args[1]]),
        [x, w] if x == axes && w == axes => Ok([ones(graph, args[0], 2), ones(graph, args[1], 2)]),
        [x, w] if x == axes + 1 && w == axes + 2 => Ok([ones(graph, args[0], 1), args[1]]),
        _ => {
            let (image, filter) = if axes == 1 { ("[N, C, L]", "[O, C, K]") } else { ("[N, C, H, W]", "[O, C, K, L]") };
            let shapes = format!("{{0}} is {} and {{1}} is {}", show(graph.shape(args[0])), show(graph.shape(args[1])));
            Err(Mismatch::new(format!("`{name}` takes an image {image} and a filter {filter}, but {shapes}")))
        }
    }
}

/// The channels of both as `[groups, channels of one]`, at axis 1 of the image and axis 0 of the filter.
fn grouped(graph: &mut Graph, name: &str, [x, w]: [Id; 2], groups: i64, filter: usize) -> Result<[Id; 2], Mismatch> {
    let [sx, sw] = [graph.shape(x).clone(), graph.shape(w).clone()];
    let groups = Dim::number(groups);
    let part = |channels: &Dim| {
        let text = format!("`{name}` cannot divide {channels} channels into {groups} groups");
        channels.exactly_divided(&groups).ok_or_else(|| Mismatch::new(text).at(At::Option("groups")))
    };
    let (own, others) = (part(&sx[1])?, part(&sw[0])?);
    // The filter's channels meet the image's: all of a group in `conv2d`, where they are its second axis.
    let met = if filter == 1 { &sw[1] } else { &others };
    if *met != own {
        let text = format!(
            "`{name}` needs a filter for {own} channels, but {{0}} is {} and {{1}} is {}",
            show(&sx),
            show(&sw)
        );
        return Err(Mismatch::new(text).rigid(&own, met));
    }
    let image = [&sx[..1], &[groups.clone(), own], &sx[2..]].concat();
    let filter = [&[groups, others], &sw[1..]].concat();
    Ok([graph.reshape(x, &image), graph.reshape(w, &filter)])
}

fn convolution(name: &str, graph: &mut Graph, args: &[Id], settings: &Settings, axes: usize) -> Result<Id, Mismatch> {
    numbers(name, graph, args)?;
    let plain = graph.shape(args[0]).len();
    let [x, w] = with_channels(graph, name, args, axes)?;
    let lies = Lie::read(settings, axes, [1, 1])?;
    let groups = settings.whole("groups", 1, 1)?;
    let filter = graph.shape(w).clone();
    grouped(graph, name, [x, w], groups, 1)?;
    // All is padded first, so that windows lie side by side in one array.
    let mut padded = x;
    for (k, lie) in lies.iter().enumerate() {
        lie.count(name, &graph.shape(x)[2 + k].clone(), &filter[2 + k])?;
        padded = room(graph, padded, 2 + k, *lie, 0.0);
    }
    let [parted, w] = grouped(graph, name, [padded, w], groups, 1)?;
    // A group of its own is no letter of a product.
    let (mut x, first) = if groups == 1 { (padded, 2) } else { (parted, 3) };
    for (k, lie) in lies.into_iter().enumerate() {
        // Each axis that has windows by now is two.
        x = windows(graph, name, x, first + 2 * k, &filter[2 + k], lie)?;
    }
    // Batch, groups, channels, then a position and a place in the window for each axis.
    let (image, out): (&[u8], &[u8]) = if axes == 1 { (b"ngciu", b"ngoi") } else { (b"ngciujv", b"ngoij") };
    let kernel: &[u8] = if axes == 1 { b"gocu" } else { b"gocuv" };
    let own = |letters: &[u8]| letters.iter().copied().filter(|l| groups > 1 || *l != b'g').collect::<Vec<u8>>();
    let w = if groups == 1 { graph.reshape(w, &filter) } else { w };
    let product = graph.contract(x, w, Letters { a: own(image), b: own(kernel), out: own(out) });
    let shape = graph.shape(product).clone();
    let merged = if groups == 1 { shape } else { [&shape[..1], &[&shape[1] * &shape[2]], &shape[3..]].concat() };
    let drop = axes + 2 - plain;
    Ok(graph.reshape(product, &merged[drop..]))
}

/// What stands around an axis.
fn room(graph: &mut Graph, x: Id, axis: usize, lie: Lie, fill: f64) -> Id {
    let room = Dim::number(lie.padding);
    padded(graph, x, axis, [room.clone(), room], fill)
}

/// The product without the axis of groups, which has size 1, and then with it.
fn one_group(graph: &mut Graph, x: Id, w: Id, letters: Letters) -> Id {
    let without = |graph: &mut Graph, id: Id, axis: usize| {
        let mut shape = graph.shape(id).clone();
        shape.remove(axis);
        graph.reshape(id, &shape)
    };
    let (x, w) = (without(graph, x, 1), without(graph, w, 0));
    let drop = |letters: Vec<u8>| letters.into_iter().filter(|l| *l != b'g').collect();
    let product = graph.contract(x, w, Letters { a: drop(letters.a), b: drop(letters.b), out: drop(letters.out) });
    let mut shape = graph.shape(product).clone();
    shape.insert(1, Dim::number(1));
    graph.reshape(product, &shape)
}

/// `size = (count - 1) · stride - 2 · padding + dilation · (window - 1) + output_padding + 1` (Dumoulin and Visin, 2016).
fn transposed(graph: &mut Graph, args: &[Id], settings: &Settings) -> Result<Id, Mismatch> {
    let name = "conv_transpose2d";
    numbers(name, graph, args)?;
    let [x, w] = with_channels(graph, name, args, 2)?;
    let plain = graph.shape(args[0]).len();
    let lies = Lie::read(settings, 2, [1, 1])?;
    let more = settings.pair("output_padding", 0, 0)?;
    let groups = settings.whole("groups", 1, 1)?;
    let [x, w] = grouped(graph, name, [x, w], groups, 0)?;
    let letters = Letters { a: b"ngcij".to_vec(), b: b"gcouv".to_vec(), out: b"ngoiujv".to_vec() };
    let mut y = if groups == 1 { one_group(graph, x, w, letters) } else { graph.contract(x, w, letters) };
    for (k, lie) in lies.into_iter().enumerate().rev() {
        y = overlapped(graph, y, 3 + 2 * k, lie, more[k])?;
    }
    let shape = graph.shape(y).clone();
    let merged = [&shape[..1], &[&shape[1] * &shape[2]], &shape[3..]].concat();
    Ok(graph.reshape(y, &merged[4 - plain..]))
}

/// The windows at `axis` and the next one, summed where they overlap, without what stands for padding.
fn overlapped(graph: &mut Graph, y: Id, axis: usize, lie: Lie, more: i64) -> Result<Id, Mismatch> {
    if more >= lie.stride.max(lie.dilation) {
        let text = "`output_padding` is less than the stride or the dilation";
        return Err(Mismatch::new(text).at(At::Option("output_padding")));
    }
    let (count, window) = (graph.shape(y)[axis].clone(), graph.shape(y)[axis + 1].clone());
    let one = Dim::number(1);
    let steps = &(&count - &one) * &Dim::number(lie.stride);
    let reach = &(&window - &one) * &Dim::number(lie.dilation);
    let whole = &(&(&steps + &reach) + &one) + &Dim::number(more);
    let size = &whole - &Dim::number(2 * lie.padding);
    if size.is_negative() || size == Dim::number(0) {
        return Err(Mismatch::new("`padding` takes away all that there is").at(At::Option("padding")));
    }
    let op = Along::Overlap { stride: lie.stride, dilation: lie.dilation };
    let sum = graph.along(axis, op, vec![y], &[whole]);
    Ok(graph.slice(sum, axis, Dim::number(lie.padding), 1, size))
}

fn pool(name: &str, graph: &mut Graph, x: Id, settings: &Settings) -> Result<Id, Mismatch> {
    numbers(name, graph, &[x])?;
    let rank = graph.shape(x).len();
    let axes = match rank {
        3 => 1,
        2 | 4 => 2,
        _ => {
            let text = format!("`{name}` takes `[N, C, H, W]` or `[N, C, L]`, but {{0}} is {}", show(graph.shape(x)));
            return Err(Mismatch::new(text));
        }
    };
    if settings.get("size").is_none() {
        return Err(Mismatch::new(format!("`{name}` needs the size of its window: `{name}(x, size = 2)`")));
    }
    let sizes = settings.pair("size", 1, 1)?;
    let lies = Lie::read(settings, axes, sizes)?;
    let (maximum, first) = (name == "max_pool", rank - axes);
    let fill = if maximum { f64::NEG_INFINITY } else { 0.0 };
    let sizes = &sizes[2 - axes..];
    let mut y = x;
    for (k, (lie, size)) in lies.iter().zip(sizes).enumerate() {
        if 2 * lie.padding > *size {
            return Err(Mismatch::new("`padding` is at most half of the window's size").at(At::Option("padding")));
        }
        lie.count(name, &graph.shape(x)[first + k].clone(), &Dim::number(*size))?;
        y = room(graph, y, first + k, *lie, fill);
    }
    for (k, (lie, size)) in lies.iter().zip(sizes).enumerate() {
        y = windows(graph, name, y, first + 2 * k, &Dim::number(*size), *lie)?;
    }
    let over = (0..axes).map(|k| first + 2 * k + 1).collect();
    if maximum {
        return Ok(graph.reduce(Fold::Max, y, over));
    }
    let sum = graph.reduce(Fold::Sum, y, over);
    let elements = graph.constant(sizes.iter().product::<i64>() as f64);
    apply::call(graph, "div", &[sum, elements])
}

fn global_average(graph: &mut Graph, args: &[Id], _: &Settings) -> Result<Id, Mismatch> {
    numbers("global_avg_pool", graph, args)?;
    let shape = graph.shape(args[0]).clone();
    if shape.len() < 3 {
        let text = format!("`global_avg_pool` takes `[N, C, H, W]` or `[N, C, L]`, but {{0}} is {}", show(&shape));
        return Err(Mismatch::new(text));
    }
    let sum = graph.reduce(Fold::Sum, args[0], (2..shape.len()).collect());
    let size = graph.size(Dim::product(&shape[2..]));
    apply::call(graph, "div", &[sum, size])
}

/// All arguments hold numbers.
pub fn numbers(name: &str, graph: &Graph, args: &[Id]) -> Result<(), Mismatch> {
    match args.iter().position(|&a| graph.node(a).dtype != Dtype::Real) {
        Some(at) => Err(Mismatch::dtype(name, graph, args, at)),
        None => Ok(()),
    }
}

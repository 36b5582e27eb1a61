//! A compiled network as the suite drives it: its published calls, with arrays that go by their names.
use crate::compare::Array;
use ndarray::{Array as Owned, ArrayD, ArrayView, Dimension};
use std::collections::BTreeMap;

/// An element type of networks.
pub trait Element: Copy + 'static {
    const NAME: &'static str;
    const SMALLEST_NORMAL: f64;
    fn narrow(value: f64) -> Self;
    fn widen(self) -> f64;
}

impl Element for f64 {
    const NAME: &'static str = "f64";
    const SMALLEST_NORMAL: f64 = f64::MIN_POSITIVE;

    fn narrow(value: f64) -> Self {
        value
    }

    fn widen(self) -> f64 {
        self
    }
}

impl Element for f32 {
    const NAME: &'static str = "f32";
    const SMALLEST_NORMAL: f64 = f32::MIN_POSITIVE as f64;

    fn narrow(value: f64) -> Self {
        value as f32
    }

    fn widen(self) -> f64 {
        f64::from(self)
    }
}

/// What a network takes and gives: an array of its rank, or a plain number for rank 0.
pub trait Tensor<T> {
    fn from_array(array: ArrayD<T>) -> Self;
    fn widened(&self) -> Array;
}

impl<T: Element> Tensor<T> for T {
    fn from_array(array: ArrayD<T>) -> Self {
        assert_eq!(array.ndim(), 0, "a number is wanted");
        *array.first().expect("rank 0 holds one element")
    }

    fn widened(&self) -> Array {
        Array::from_elem(vec![], self.widen())
    }
}

impl<T: Element, D: Dimension> Tensor<T> for Owned<T, D> {
    fn from_array(array: ArrayD<T>) -> Self {
        array.into_dimensionality().expect("the rank that the signature says")
    }

    #[inline(never)]
    fn widened(&self) -> Array {
        self.mapv(T::widen).into_dyn()
    }
}

/// The values of all inputs and parameters, each in the memory layout of the run.
pub struct Values<T>(pub BTreeMap<String, ArrayD<T>>);

impl<T: Element> Values<T> {
    #[inline(never)]
    pub fn owned<A: Tensor<T>>(&self, name: &str) -> A {
        A::from_array(self.0[name].clone())
    }

    #[inline(never)]
    pub fn view<D: Dimension>(&self, name: &str) -> ArrayView<'_, T, D> {
        view(&self.0[name])
    }
}

#[inline(never)]
pub fn view<T, D: Dimension>(array: &ArrayD<T>) -> ArrayView<'_, T, D> {
    array.view().into_dimensionality().expect("the rank that the signature says")
}

pub type Gradients = BTreeMap<&'static str, Array>;

/// What `forward` gives, and what `backward` gives for each cotangent from the one `Saved`.
pub struct Passes {
    pub output: Array,
    pub gradients: Vec<Gradients>,
}

/// What a network of scalar output gives by `value_and_grad`, then twice by `value_and_grad_into` with one workspace.
pub type Fused = Vec<(f64, Gradients)>;

/// One network.
pub struct Surface<T> {
    pub name: &'static str,
    /// The call without gradients. It is given references to arrays; the others get views.
    pub infer: fn(&Values<T>) -> Array,
    pub passes: fn(&Values<T>, &[ArrayD<T>]) -> Passes,
    pub fused: Option<fn(&Values<T>) -> Fused>,
}

/// The [`Surface`] of a network: `surface!(net: f64, inputs(x: 2), params(w, b), wrt(x), output 2)`, ranks behind the
/// names of the inputs. It is expanded some hundred times: loops and calls compile sooner than iterators and closures.
macro_rules! surface {
    ($net:ident: $t:ty, inputs($($x:ident: $rank:tt),*), params($($p:ident),*), wrt($($w:ident),*), output $out:tt) => {
        Surface::<$t> {
            name: stringify!($net),
            infer: |values| {
                let params = surface!(@params $net values $($p)*);
                Tensor::<$t>::widened(&$net($(surface!(@owned values $x $rank),)* &params))
            },
            passes: |values, cotangents| {
                let params = surface!(@params $net values $($p)*);
                let (output, saved) = $net::forward($(surface!(@view values $x $rank),)* &params);
                let mut passes = Passes { output: Tensor::<$t>::widened(&output), gradients: Vec::new() };
                for cotangent in cotangents {
                    let d_output = surface!(@cotangent $t, cotangent $out);
                    let found = $net::backward($(surface!(@view values $x $rank),)* &params, &saved, d_output);
                    passes.gradients.push(surface!(@gradients $t, found $($p)* $($w)*));
                }
                passes
            },
            fused: surface!(@fused $out $net: $t, ($($x: $rank),*) ($($p)*) ($($w)*)),
        }
    };
    (@params $net:ident $values:ident $($p:ident)*) => {
        $net::Params { $($p: $values.owned(stringify!($p))),* }
    };
    (@owned $values:ident $x:ident 0) => { $values.owned(stringify!($x)) };
    (@owned $values:ident $x:ident $rank:tt) => {
        &$values.owned::<ndarray::Array<_, ndarray::Dim<[usize; $rank]>>>(stringify!($x))
    };
    (@view $values:ident $x:ident 0) => { $values.owned(stringify!($x)) };
    (@view $values:ident $x:ident $rank:tt) => { $values.view::<ndarray::Dim<[usize; $rank]>>(stringify!($x)) };
    (@cotangent $t:ty, $array:ident 0) => { <$t as Tensor<$t>>::from_array($array.clone()) };
    (@cotangent $t:ty, $array:ident $rank:tt) => { view::<_, ndarray::Dim<[usize; $rank]>>($array) };
    (@gradients $t:ty, $found:ident $($name:ident)*) => {{
        let mut gradients = Gradients::new();
        $(gradients.insert(stringify!($name), Tensor::<$t>::widened(&$found.$name));)*
        gradients
    }};
    (@fused 0 $net:ident: $t:ty, ($($x:ident: $rank:tt),*) ($($p:ident)*) ($($w:ident)*)) => {
        Some(|values| {
            let params = surface!(@params $net values $($p)*);
            let (value, found) = $net::value_and_grad($(surface!(@view values $x $rank),)* &params);
            let mut results = vec![(Element::widen(value), surface!(@gradients $t, found $($p)* $($w)*))];
            let mut workspace = $net::Workspace::default();
            for _ in 0..2 {
                let (value, found) =
                    $net::value_and_grad_into($(surface!(@view values $x $rank),)* &params, &mut workspace);
                results.push((Element::widen(value), surface!(@gradients $t, found $($p)* $($w)*)));
            }
            results
        })
    };
    (@fused $rank:tt $($rest:tt)*) => { None };
}
pub(crate) use surface;

//! Pullback: networks whose backward pass is derived, symbolically, while your program compiles.
//!
//! [`network`] reads a model written as nested functions and leaves behind two plain Rust functions, forward and
//! backward. This crate is what the emitted code stands on: element-wise functions, sums and products over slices,
//! the entry checks, parameters, and optimisers.
//!
//! ```
//! use pullback::network;
//! use pullback::ndarray::{Array2, array};
//!
//! /// Two layers and the mean squared error.
//! #[network]
//! fn loss(x: Input<N, 2>, y: Input<N, 1>, w: Param<2, 3>, b: Param<3>, v: Param<3, 1>) -> Output {
//!     let hidden = tanh(x.dot(w) + b);
//!     mse(hidden.dot(v), y)
//! }
//!
//! let (x, y) = (array![[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], array![[1.0], [0.0], [1.0]]);
//! let params = loss::Params::init(&mut pullback::rand::rng());
//! let (value, gradients) = loss::value_and_grad(&x, &y, &params);
//! assert_eq!(value, loss(&x, &y, &params));
//! let w: Array2<f32> = gradients.w; // field for field as the parameters
//! assert_eq!(w.dim(), (2, 3));
//! ```
//!
//! # The language of models
//!
//! - Arguments are `Input<..>` (data), `Param<..>` (learned), `Index<..>` (class labels), `Mask<..>` (truth values),
//!   `State<..>` (what training updates and inference reads) and `Random` (a seed, a `u64`, in training alone: inference
//!   and `check` take none); the result is `Output<..>` or a tuple of them. Without dimensions they are scalars.
//! - A dimension is a number, a name, or an expression of them in braces: `{2 * H}`, `{A * K + 1}`, `{H / 2}`, which is
//!   rounded down as whole numbers are in Rust. Names are rigid: `N` and `M` are different sizes. They are read off the
//!   arrays at run time and checked once, on entry; where a name stands in expressions alone, they are solved for it.
//! - Another network's name is the kind of a group of parameters: `hidden: dense<13, 13>` declares it, `hidden(x)` calls it.
//!   Its const generics are bound by position, or its dimensions are inferred from the first call, expressions too: what
//!   takes `Input<N, {2 * H}>` and is given 28 columns has an `H` of 14. A network without parameters is called by its path.
//!   Calls are inlined; [`nn`] has layers.
//! - `blocks: [block<64>; 6]` is a stack of networks, and `blocks(x)` applies them one after another, as one loop: each takes
//!   what the one before returns, in the same shape, as its first inputs; further inputs are the same for all. Their
//!   parameters are `params.blocks[k]`, and go by the paths `blocks.0.w`, `blocks.1.w`, .. The number may be a dimension,
//!   `blocks: [block<64>; L]`, which a caller binds or which is read off the parameters: they are then a `Vec`. A seed among
//!   the inputs is another one for each network.
//! - `for t in 0..T { h = cell(x.at(t), h); }` is a loop: what it assigns to is bound with `let mut` before it and is carried
//!   from turn to turn. `let hs = for ..` takes the values at the end of the turns, in a stack.
//! - `if` on sizes, `if I == O { x + y } else { y }`, is decided while a model is compiled, and the other branch is not
//!   looked at. Names are different sizes unless the call binds both to the same, which the entry check makes sure of. `if`
//!   on an argument `flag: Mask`, a single truth value, computes both branches and takes one, so both have one shape. `if` on
//!   data is written `select(condition, a, b)`.
//! - `#[init(he)]` on a parameter says how it starts: [`init`] has the distributions.
//! - The body is nested calls, method calls, operators, `let`, shadowing and blocks, and all mean what they mean in Rust;
//!   `&` and `*` in front of a name mean nothing. Shapes broadcast as in NumPy, at compile time, but never in a loss.
//! - `let hs = for t in 0..T { h = cell(x.at(t), h); h };` is a loop: what its body assigns and `let mut` has bound outside is
//!   carried from turn to turn, its value is the stack of what its turns end with, along a new first axis, and `x.at(t)` is a
//!   turn's part of `x`. It is emitted once, for any number of turns.
//! - Options are named: `sum(x, axis = 0, keepdims = true)`; an axis is a number, also from the end, or the name of a
//!   dimension. Whole numbers are numbers: `1 / 2` is a half.
//!
//! - `let (a, b) = split(x, parts = 2, axis = 1);` and `let (a, b) = split(x, sizes = [H, 2]);` bind the parts of an array,
//!   as a network does that returns a tuple.
//! - `dropout(x, seed, p = 0.1)` is for training, and `x` in inference. What it drops is a function of the seed, of the call
//!   and of the position: the same seed gives the same mask, in the pass back too; each use of a seed, each turn of a loop
//!   and each call of a network that takes one has a mask of its own. Give every step another seed.
//! - `batch_norm(x, scale, shift, mean, var)` takes the statistics of the batch in training, and in inference `mean` and
//!   `var`, which training moves towards those of the batch where they are a `State`. A state is written once in a step:
//!   not in a loop, and not by two calls. It starts with zeros, or as `#[init(ones)]` says.
//!
//! # What a network leaves behind
//!
//! Beside the function `net(inputs.., &params)`, a module `net` of the same visibility:
//!
//! | item | what it is |
//! |---|---|
//! | `net::forward(inputs.., &params)` | the outputs, and what backward needs |
//! | `net::backward(inputs.., &params, &saved, d_output)` | the gradients for a cotangent of the output |
//! | `net::value_and_grad(inputs.., &params)` | where the output is a scalar, or the first of a tuple: both passes in one, for that |
//! | `net::value_and_grad_into(inputs.., &params, &mut workspace)` | the same, without an allocation in steady state |
//! | `net::train(inputs.., &mut params, &mut workspace, &mut optimiser)` | the same, and each parameter moves while its gradient is hot |
//! | `net::check(inputs.., &params)` | the entry check alone, as a `Result` |
//! | `net::Params`, `net::Gradients` | public fields, one for each `Param` and each group; both are a [`ParamSet`] |
//! | `net::Params::zeros(sizes..)`, `net::Params::init(&mut rng, sizes..)` | the sizes behind names: const generics in the order of their declaration, then other names in the order in which parameters have them |
//! | `net::State` | public fields, one for each `State` and each group that has one; `State::new(..)` |
//! | `net::Saved`, `net::Workspace` | public fields, one for each value kept |
//!
//! A network with a state takes it behind the parameters: `net(inputs.., &params, &state)`, and in training, where it is
//! updated, `net::forward(inputs.., &params, &mut state)` and `net::value_and_grad(inputs.., &params, &mut state)`.
//!
//! `#[network(f64)]` computes in `f64`; `#[network(wrt(x))]` adds the gradient of an input to `Gradients`;
//! `#[network(gradient(x = ..))]` gives the derivative of a network without parameters, for itself and for all that call it:
//! what goes back to each input that is named, from the arguments, the value `y` and its cotangent `dy`; an input that is
//! not named gets nothing. `#[network(gradient(x = dy))] fn whole(x: Input<N>) -> Output<N> { round(x) }` lets gradients
//! straight through. `#[network(crate = path)]` names another path of this crate. `#[network(local)]` is for a network with
//! groups in the body of a function. `#[network(part)]` is for one that only other networks call: it has `Params`, `State` and
//! `Gradients`, but no functions, and so compiles in a fraction of the time.
//!
//! `#[network(checkpoint = 5)]` bounds memory: the loops of the network, also those in networks that it calls and stacks,
//! keep what they carry every 5 turns alone, and compute the turns between again on the way back. That costs one more
//! forward pass; `Saved` and `Workspace` hold `T / 5` starts and the values of 5 turns, in place of the values of `T`. The
//! square root of the number of turns is a good choice. What each turn adds to a stack is still kept where it is read
//! outside of the loop. `T` is a number, a name, or a multiple of 5.
//!
//! # How a network is compiled
//!
//! ```text
//! tokens -- parse --> model -- lower --> graph -- differentiate --> graph -- simplify --> graph
//!        -- partition (save or recompute) --> -- fuse --> program -- name --> -- emit --> tokens
//! ```
//!
//! Before a model is lowered, *linking* finds the networks that it calls: each leaves a macro of its own name behind, which
//! hands over its definition. A *model* is the syntax with its places in the source, a *graph* is a hash-consed list of nodes in single assignment, a
//! *program* is loops, products and buffers in order. Each phase is a pure function in a file of its own, and what it made
//! is verified before the next one starts. Every operation is one entry of a table, whose derivative and identities are
//! stated in the language that models are written in.
//!
//! # Conventions
//!
//! The derivative of `relu` and of `abs` at 0 is 0; ties of `max` and `min` share the cotangent evenly; `max(x, 0)` is
//! `relu(x)`; `sqrt(sum(square(x)))` has the derivative 0 at 0. NaN stays NaN in `relu`, `max` and `min`. A branch that
//! `select` did not take sends no NaN back. The sum over nothing is 0, the mean NaN, the maximum minus infinity; the
//! gradients of a mean over an empty batch are 0. Results are the same bits on every run, and on every processor that
//! fuses multiplication and addition; without that, products of matrices differ in their last bits ([`linalg`]).

// What the macro emits names the runtime by this path, within the runtime too.
extern crate self as pullback;

pub mod along;
#[doc = include_str!("conventions.md")]
pub mod conventions {}
#[doc(hidden)]
pub mod emitted;
pub mod init;
pub mod linalg;
pub mod math;
pub mod nn;
pub mod optim;
pub mod params;
#[doc(hidden)]
pub mod parts;
#[doc(hidden)]
pub mod pieces;
pub mod random;
pub mod reduce;
pub mod shape;
pub mod simd;
pub mod threads;
pub mod update;

pub use ndarray;
pub use params::ParamSet;
#[doc(hidden)]
pub use pullback_macros::link as __link;
pub use pullback_macros::network;
pub use rand;
pub use shape::ShapeError;

//! dfdx 0.13 CPU, compile-time shapes for the MLPs.
use common::{bench, fill, labels, mlp_data, want, ws, Counting, LR, LR5, MLPS, N5};
use dfdx::{
    optim::{Momentum, Sgd, SgdConfig},
    prelude::*,
    tensor::{Gradients, Tensor},
};
#[global_allocator]
static G: Counting = Counting;
const PEER: &str = "dfdx";
fn cfg(lr: f32) -> SgdConfig {
    SgdConfig { lr: lr as f64, momentum: None::<Momentum>, weight_decay: None }
}
fn onehot(l: &[u32], k: usize) -> Vec<f32> {
    l.iter().flat_map(|&l| (0..k).map(move |i| (i == l as usize) as u32 as f32)).collect()
}
type T<S> = Tensor<S, f32, Cpu>;
/// w stored [in,out]; a hand parameter update through dfdx's own tensor ops (Sgd needs a module)
macro_rules! upd { ($lr:expr, $g:expr, $($p:expr),*) => { $( { let g = $g.get(&$p).clone(); let q = $p.clone(); drop(std::mem::replace(&mut $p, (q - g * $lr).retaped::<NoneTape>())); } )* } }
macro_rules! mlp2 {
    ($i:expr, $a:literal, $b:literal, $c:literal, $n:literal, $act:ident, $mse:expr) => {
        if want(MLPS[$i].name) {
            let d = mlp_data(&MLPS[$i]);
            let dev: Cpu = Default::default();
            let x: T<Rank2<$n, $a>> = dev.tensor(d.x);
            let y: T<Rank2<$n, $c>> = dev.tensor(if $mse { d.y } else { onehot(&d.lab, $c) });
            let mut w1: T<Rank2<$a, $b>> = dev.tensor(d.w[0].clone());
            let mut b1: T<Rank1<$b>> = dev.tensor(d.b[0].clone());
            let mut w2: T<Rank2<$b, $c>> = dev.tensor(d.w[1].clone());
            let mut b2: T<Rank1<$c>> = dev.tensor(d.b[1].clone());
            bench(PEER, MLPS[$i].name, |_| {
                let tape = x.leaky_trace();
                let h = tape.matmul(w1.clone());
                let h = h + b1.leaky_trace().broadcast::<Rank2<$n, $b>, Axis<0>>();
                let h = h.$act();
                let z = h.matmul(w2.clone());
                let z = z + b2.leaky_trace().broadcast::<Rank2<$n, $c>, Axis<0>>();
                let l = if $mse { mse_loss(z, y.clone()) } else { cross_entropy_with_logits_loss(z, y.clone()) };
                let v = l.array();
                let g = l.backward();
                upd!(LR, g, w1, b1, w2, b2);
                v
            });
        }
    };
}
fn main() {
    mlp2!(0, 3, 4, 1, 1, sigmoid, true);
    mlp2!(1, 13, 13, 1, 23, sigmoid, true);
    mlp2!(2, 784, 89, 10, 60, tanh, false);
    macro_rules! mlp3 {
        ($i:expr, $a:literal, $b:literal, $c:literal, $e:literal, $n:literal, $act:ident, $mse:expr) => {
            if want(MLPS[$i].name) {
                let d = mlp_data(&MLPS[$i]);
                let dev: Cpu = Default::default();
                let x: T<Rank2<$n, $a>> = dev.tensor(d.x);
                let y: T<Rank2<$n, $e>> = dev.tensor(if $mse { d.y } else { onehot(&d.lab, $e) });
                let mut w1: T<Rank2<$a, $b>> = dev.tensor(d.w[0].clone());
                let mut b1: T<Rank1<$b>> = dev.tensor(d.b[0].clone());
                let mut w2: T<Rank2<$b, $c>> = dev.tensor(d.w[1].clone());
                let mut b2: T<Rank1<$c>> = dev.tensor(d.b[1].clone());
                let mut w3: T<Rank2<$c, $e>> = dev.tensor(d.w[2].clone());
                let mut b3: T<Rank1<$e>> = dev.tensor(d.b[2].clone());
                bench(PEER, MLPS[$i].name, |_| {
                    let h = x.leaky_trace().matmul(w1.clone());
                    let h = (h + b1.leaky_trace().broadcast::<Rank2<$n, $b>, Axis<0>>()).$act();
                    let h = h.matmul(w2.clone());
                    let h = (h + b2.leaky_trace().broadcast::<Rank2<$n, $c>, Axis<0>>()).$act();
                    let z = h.matmul(w3.clone());
                    let z = z + b3.leaky_trace().broadcast::<Rank2<$n, $e>, Axis<0>>();
                    let l = if $mse { mse_loss(z, y.clone()) } else { cross_entropy_with_logits_loss(z, y.clone()) };
                    let v = l.array();
                    let g = l.backward();
                    upd!(LR, g, w1, b1, w2, b2, w3, b3);
                    v
                });
            }
        };
    }
    mlp3!(3, 784, 512, 512, 10, 128, relu, false);
    mlp3!(4, 1024, 2048, 2048, 1024, 512, fast_gelu, true);
    if want("W5") {
        let dev: Cpu = Default::default();
        let mut a: T<Rank2<N5, N5>> = dev.tensor(fill(500, N5 * N5, 1.0));
        let mut b: T<Rank2<N5, N5>> = dev.tensor(fill(501, N5 * N5, 1.0));
        let mut c: T<Rank2<N5, N5>> = dev.tensor(fill(502, N5 * N5, 1.0));
        bench(PEER, "W5", |_| {
            let t4 = a.leaky_trace().sigmoid() * b.leaky_trace().tanh() + c.clone();
            let t5 = (t4 * 0.5).exp();
            let t6 = (t5 + 1.0).ln();
            let t8 = (c.leaky_trace().square() + 1.0).sqrt();
            let t9 = t6 * b.clone() / t8;
            let t10 = (t9.exp() + 1.0).ln();
            let l = (t10 * a.clone()).tanh().mean();
            let v = l.array();
            let g = l.backward();
            upd!(LR5, g, a, b, c);
            v
        });
    }
    // W7: conv2d is nightly-only in dfdx 0.13
    let _: Option<(Gradients<f32, Cpu>, Sgd<(), f32, Cpu>)> = None;
    let _ = cfg;
}

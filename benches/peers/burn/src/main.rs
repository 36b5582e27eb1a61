//! burn 0.22.1, Flex (or BURN_BE=ndarray) CPU back end, autodiff decorator, plain tensors, manual SGD (p - lr*g).
use burn::tensor::{activation as act, module::conv2d, ops::ConvOptions, Device, Int, Tensor, TensorData};
use common::*;
#[global_allocator]
static G: Counting = Counting;
fn peer() -> String {
    "burn".into()
}
#[allow(deprecated)]
fn dev() -> Device {
    if std::env::var("BURN_BE").as_deref() == Ok("ndarray") {
        Device::ndarray().autodiff()
    } else {
        Device::flex().autodiff()
    }
}
fn t<const D: usize>(v: Vec<f32>, s: [usize; D]) -> Tensor<D> {
    Tensor::from_data(TensorData::new(v, s), &dev())
}
fn ti(v: Vec<u32>) -> Tensor<1, Int> {
    let n = v.len();
    Tensor::from_data(TensorData::new(v.into_iter().map(|x| x as i64).collect::<Vec<_>>(), [n]), &dev())
}
fn ce(z: Tensor<2>, y: &Tensor<1, Int>) -> Tensor<1> {
    let n = y.dims()[0];
    act::log_softmax(z, 1).gather(1, y.clone().reshape([n, 1])).mean().neg()
}
fn sc(l: Tensor<1>) -> f32 {
    l.into_data().to_vec::<f32>().unwrap()[0]
}
macro_rules! upd { ($lr:expr, $g:expr, $($p:expr),*) => { $( { let gr = $p.grad(&$g).unwrap(); $p = Tensor::from_inner($p.clone().inner() - gr.mul_scalar($lr)).require_grad(); } )* } }
fn main() {
    for s in MLPS {
        if !want(s.name) {
            continue;
        }
        let d = mlp_data(s);
        let l = s.dims.len() - 1;
        let x = t(d.x, [s.batch, s.dims[0]]);
        let y = if s.loss == Loss::Mse { Some(t(d.y, [s.batch, s.dims[l]])) } else { None };
        let lab = if s.loss == Loss::Ce { Some(ti(d.lab)) } else { None };
        let mut w: Vec<Tensor<2>> =
            d.w.into_iter().enumerate().map(|(i, v)| t(v, [s.dims[i], s.dims[i + 1]]).require_grad()).collect();
        let mut b: Vec<Tensor<1>> =
            d.b.into_iter().enumerate().map(|(i, v)| t(v, [s.dims[i + 1]]).require_grad()).collect();
        bench(&peer(), s.name, |r| {
            let mut h = x.clone();
            for i in 0..l {
                h = h.matmul(w[i].clone()) + b[i].clone().unsqueeze::<2>();
                if i + 1 < l {
                    h = match s.act {
                        Act::Sigmoid => act::sigmoid(h),
                        Act::Tanh => act::tanh(h),
                        Act::Relu => act::relu(h),
                        Act::Gelu => act::gelu_approximate(h),
                    }
                }
            }
            let loss = match &y {
                Some(y) => (h - y.clone()).square().mean(),
                None => ce(h, lab.as_ref().unwrap()),
            };
            let g = loss.backward();
            for i in 0..l {
                upd!(LR, g, w[i], b[i]);
            }
            if r {
                sc(loss)
            } else {
                0.0
            }
        });
    }
    if want("W5") {
        let mut a = t(fill(500, N5 * N5, 1.0), [N5, N5]).require_grad();
        let mut b = t(fill(501, N5 * N5, 1.0), [N5, N5]).require_grad();
        let mut c = t(fill(502, N5 * N5, 1.0), [N5, N5]).require_grad();
        bench(&peer(), "W5", |r| {
            let t4 = act::sigmoid(a.clone()) * act::tanh(b.clone()) + c.clone();
            let t5 = t4.mul_scalar(0.5).exp();
            let t6 = t5.log1p();
            let t9 = t6 * b.clone() / c.clone().square().add_scalar(1.0).sqrt();
            let t10 = act::softplus(t9, 1.0);
            let loss = act::tanh(t10 * a.clone()).mean();
            let g = loss.backward();
            upd!(LR5, g, a, b, c);
            if r {
                sc(loss)
            } else {
                0.0
            }
        });
    }
    if want("W7") {
        let x = t(fill(700, 32 * 784, 1.0), [32, 1, 28, 28]);
        let y = ti(labels(701, 32, 10));
        let mut cw = t(fill(710, 400, ws(25)), [16, 1, 5, 5]).require_grad();
        let mut cb = t(fill(711, 16, ws(25)), [16]).require_grad();
        let mut dw = t(fill(712, 125440, ws(12544)), [12544, 10]).require_grad();
        let mut db = t(fill(713, 10, ws(12544)), [10]).require_grad();
        bench(&peer(), "W7", |r| {
            let h =
                act::tanh(conv2d(x.clone(), cw.clone(), Some(cb.clone()), ConvOptions::new([1, 1], [2, 2], [1, 1], 1)))
                    .reshape([32, 12544]);
            let loss = ce(h.matmul(dw.clone()) + db.clone().unsqueeze::<2>(), &y);
            let g = loss.backward();
            upd!(LR, g, cw, cb, dw, db);
            if r {
                sc(loss)
            } else {
                0.0
            }
        });
    }
    if want("W8") {
        let x = t(fill(800, T8 * B8 * F8, 1.0), [T8 * B8, F8]);
        let y = ti(labels(801, T8 * B8, F8 as u64));
        let mut wx = t(fill(810, F8 * 512, ws(F8)), [F8, 512]).require_grad();
        let mut wh = t(fill(811, H8 * 512, ws(H8)), [H8, 512]).require_grad();
        let mut b = t(fill(812, 512, ws(H8)), [512]).require_grad();
        let mut wy = t(fill(813, H8 * F8, ws(H8)), [H8, F8]).require_grad();
        let mut by = t(fill(814, F8, ws(H8)), [F8]).require_grad();
        bench(&peer(), "W8", |r| {
            let xw = x.clone().matmul(wx.clone()) + b.clone().unsqueeze::<2>();
            let mut h = Tensor::<2>::zeros([B8, H8], &dev());
            let mut c = h.clone();
            let mut hs = vec![];
            for s in 0..T8 {
                let g = xw.clone().slice([s * B8..(s + 1) * B8, 0..512]) + h.matmul(wh.clone());
                let q = g.chunk(4, 1);
                c = act::sigmoid(q[1].clone()) * c + act::sigmoid(q[0].clone()) * act::tanh(q[2].clone());
                h = act::sigmoid(q[3].clone()) * act::tanh(c.clone());
                hs.push(h.clone());
            }
            let loss = ce(Tensor::cat(hs, 0).matmul(wy.clone()) + by.clone().unsqueeze::<2>(), &y);
            let g = loss.backward();
            upd!(LR, g, wx, wh, b, wy, by);
            if r {
                sc(loss)
            } else {
                0.0
            }
        });
    }
}

//! candle 0.11.1 CPU. Ordinary autograd: Var + ops + backward + candle_nn::SGD.
use candle_core::{DType, Device, Result, Tensor, Var, D};
use candle_nn::{loss, ops, Optimizer, SGD};
use common::*;
#[global_allocator]
static G: Counting = Counting;
const PEER: &str = "candle";
fn var(v: Vec<f32>, s: &[usize]) -> Var {
    Var::from_tensor(&Tensor::from_vec(v, s, &Device::Cpu).unwrap()).unwrap()
}
fn run(name: &str, vars: Vec<Var>, lr: f32, f: impl Fn(&[Var]) -> Result<Tensor>) {
    let mut opt = SGD::new(vars.clone(), lr as f64).unwrap();
    bench(PEER, name, |r| {
        let l = f(&vars).unwrap();
        opt.backward_step(&l).unwrap();
        if r {
            l.to_scalar::<f32>().unwrap()
        } else {
            0.0
        }
    });
}
fn main() -> Result<()> {
    let dev = &Device::Cpu;
    for s in MLPS {
        if !want(s.name) {
            continue;
        }
        let d = mlp_data(s);
        let l = s.dims.len() - 1;
        let x = Tensor::from_vec(d.x, (s.batch, s.dims[0]), dev)?;
        let y = if s.loss == Loss::Mse {
            Tensor::from_vec(d.y, (s.batch, s.dims[l]), dev)?
        } else {
            Tensor::from_vec(d.lab, s.batch, dev)?
        };
        let vars =
            d.w.into_iter()
                .zip(d.b)
                .enumerate()
                .flat_map(|(i, (w, b))| [var(w, &[s.dims[i], s.dims[i + 1]]), var(b, &[s.dims[i + 1]])])
                .collect();
        run(s.name, vars, LR, |v| {
            let mut h = x.clone();
            for i in 0..l {
                h = h.matmul(&v[2 * i])?.broadcast_add(&v[2 * i + 1])?;
                if i + 1 < l {
                    h = match s.act {
                        Act::Sigmoid => ops::sigmoid(&h)?,
                        Act::Tanh => h.tanh()?,
                        Act::Relu => h.relu()?,
                        Act::Gelu => h.gelu()?,
                    }
                }
            }
            if s.loss == Loss::Mse {
                loss::mse(&h, &y)
            } else {
                loss::cross_entropy(&h, &y)
            }
        });
    }
    if want("W5") {
        let v = (0..3).map(|i| var(fill(500 + i, N5 * N5, 1.0), &[N5, N5])).collect();
        run("W5", v, LR5, |v| {
            let (a, b, c) = (v[0].as_tensor(), v[1].as_tensor(), v[2].as_tensor());
            let t4 = ((ops::sigmoid(a)? * b.tanh()?)? + c)?;
            let t5 = (t4 * 0.5)?.exp()?;
            let t6 = (t5 + 1.0)?.log()?;
            let t9 = ((t6 * b)? / ((c * c)? + 1.0)?.sqrt()?)?;
            let t10 = (t9.exp()? + 1.0)?.log()?;
            (t10 * a)?.tanh()?.mean_all()
        });
    }
    if want("W7") {
        let x = Tensor::from_vec(fill(700, 32 * 784, 1.0), (32, 1, 28, 28), dev)?;
        let y = Tensor::from_vec(labels(701, 32, 10), 32, dev)?;
        let v = vec![
            var(fill(710, 400, ws(25)), &[16, 1, 5, 5]),
            var(fill(711, 16, ws(25)), &[1, 16, 1, 1]),
            var(fill(712, 125440, ws(12544)), &[12544, 10]),
            var(fill(713, 10, ws(12544)), &[10]),
        ];
        run("W7", v, LR, |v| {
            let h = x.conv2d(&v[0], 2, 1, 1, 1)?.broadcast_add(&v[1])?.tanh()?.flatten_from(1)?;
            loss::cross_entropy(&h.matmul(&v[2])?.broadcast_add(&v[3])?, &y)
        });
    }
    if want("W8") {
        let x = Tensor::from_vec(fill(800, T8 * B8 * F8, 1.0), (T8 * B8, F8), dev)?;
        let y = Tensor::from_vec(labels(801, T8 * B8, F8 as u64), T8 * B8, dev)?;
        let v = vec![
            var(fill(810, F8 * 512, ws(F8)), &[F8, 512]),
            var(fill(811, H8 * 512, ws(H8)), &[H8, 512]),
            var(fill(812, 512, ws(H8)), &[512]),
            var(fill(813, H8 * F8, ws(H8)), &[H8, F8]),
            var(fill(814, F8, ws(H8)), &[F8]),
        ];
        run("W8", v, LR, |v| {
            let xw = x.matmul(&v[0])?.broadcast_add(&v[2])?.reshape((T8, B8, 512))?;
            let mut h = Tensor::zeros((B8, H8), DType::F32, dev)?;
            let mut c = h.clone();
            let mut hs = vec![];
            for t in 0..T8 {
                let g = (xw.get(t)? + h.matmul(&v[1])?)?.chunk(4, D::Minus1)?;
                c = ((ops::sigmoid(&g[1])? * c)? + (ops::sigmoid(&g[0])? * g[2].tanh()?)?)?;
                h = (ops::sigmoid(&g[3])? * c.tanh()?)?;
                hs.push(h.clone());
            }
            loss::cross_entropy(&Tensor::cat(&hs, 0)?.matmul(&v[3])?.broadcast_add(&v[4])?, &y)
        });
    }
    Ok(())
}

//! (a) idiomatic ndarray: .dot(), mapv, Zip; allocates freely.
use common::*;
use ndarray::*;
#[global_allocator]
static G: Counting = Counting;
const PEER: &str = "ndarray";
fn a2(v: Vec<f32>, r: usize, c: usize) -> Array2<f32> {
    Array2::from_shape_vec((r, c), v).unwrap()
}
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}
const K: f32 = 0.797_884_56;
const C: f32 = 0.044715;
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + (K * (x + C * x * x * x)).tanh())
}
fn dgelu(x: f32) -> f32 {
    let t = (K * (x + C * x * x * x)).tanh();
    0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * K * (1.0 + 3.0 * C * x * x)
}
fn softmax_ce(z: &Array2<f32>, lab: &[u32]) -> (f32, Array2<f32>) {
    let mut p = z.clone();
    let n = lab.len() as f32;
    let mut loss = 0.0;
    for (mut row, &l) in p.rows_mut().into_iter().zip(lab) {
        let m = row.fold(f32::NEG_INFINITY, |a, &b| a.max(b));
        row.mapv_inplace(|x| (x - m).exp());
        let s = row.sum();
        row /= s;
        loss -= row[l as usize].ln();
        row[l as usize] -= 1.0;
    }
    p /= n;
    (loss / n, p)
}
fn mlp(s: &MlpSpec) {
    if !want(s.name) {
        return;
    }
    let d = mlp_data(s);
    let l = s.dims.len() - 1;
    let n = s.batch;
    let x = a2(d.x, n, s.dims[0]);
    let y = if s.loss == Loss::Mse { a2(d.y, n, s.dims[l]) } else { Array2::zeros((0, 0)) };
    let lab = d.lab;
    let mut w: Vec<Array2<f32>> = d.w.into_iter().enumerate().map(|(i, v)| a2(v, s.dims[i], s.dims[i + 1])).collect();
    let mut b: Vec<Array1<f32>> = d.b.into_iter().map(Array1::from).collect();
    bench(PEER, s.name, |_| {
        let mut zs: Vec<Array2<f32>> = vec![];
        let mut hs = vec![x.clone()];
        for i in 0..l {
            let z = hs[i].dot(&w[i]) + &b[i];
            hs.push(if i + 1 == l {
                z.clone()
            } else {
                match s.act {
                    Act::Sigmoid => z.mapv(sigmoid),
                    Act::Tanh => z.mapv(f32::tanh),
                    Act::Relu => z.mapv(|v| v.max(0.0)),
                    Act::Gelu => z.mapv(gelu),
                }
            });
            zs.push(z);
        }
        let (loss, mut dz) = match s.loss {
            Loss::Mse => {
                let e = &hs[l] - &y;
                let m = e.len() as f32;
                (e.mapv(|v| v * v).sum() / m, e * (2.0 / m))
            }
            Loss::Ce => softmax_ce(&hs[l], &lab),
        };
        for i in (0..l).rev() {
            let dw = hs[i].t().dot(&dz);
            let db = dz.sum_axis(Axis(0));
            if i > 0 {
                let mut dh = dz.dot(&w[i].t());
                match s.act {
                    Act::Sigmoid => Zip::from(&mut dh).and(&hs[i]).for_each(|g, &a| *g *= a * (1.0 - a)),
                    Act::Tanh => Zip::from(&mut dh).and(&hs[i]).for_each(|g, &a| *g *= 1.0 - a * a),
                    Act::Relu => Zip::from(&mut dh).and(&zs[i - 1]).for_each(|g, &z| {
                        if z <= 0.0 {
                            *g = 0.0
                        }
                    }),
                    Act::Gelu => Zip::from(&mut dh).and(&zs[i - 1]).for_each(|g, &z| *g *= dgelu(z)),
                }
                dz = dh;
            }
            w[i].scaled_add(-LR, &dw);
            b[i].scaled_add(-LR, &db);
        }
        loss
    });
}
fn w5() {
    if !want("W5") {
        return;
    }
    let mut a = a2(fill(500, N5 * N5, 1.0), N5, N5);
    let mut b = a2(fill(501, N5 * N5, 1.0), N5, N5);
    let mut c = a2(fill(502, N5 * N5, 1.0), N5, N5);
    bench(PEER, "W5", |_| {
        let n = (N5 * N5) as f32;
        let t1 = a.mapv(sigmoid);
        let t2 = b.mapv(f32::tanh);
        let t4 = &t1 * &t2 + &c;
        let t5 = t4.mapv(|v| (0.5 * v).exp());
        let t6 = t5.mapv(f32::ln_1p);
        let t7 = &t6 * &b;
        let t8 = c.mapv(|v| (1.0 + v * v).sqrt());
        let t9 = &t7 / &t8;
        let t10 = t9.mapv(|v| v.exp().ln_1p());
        let t12 = (&t10 * &a).mapv(f32::tanh);
        let loss = t12.sum() / n;
        let d11 = t12.mapv(|t| (1.0 - t * t) / n);
        let d10 = &d11 * &a;
        let mut ga = &d11 * &t10;
        let d9 = d10 * t9.mapv(sigmoid);
        let d7 = &d9 / &t8;
        let d8 = -(&d9 * &t9) / &t8;
        let mut gc = d8 * &c / &t8;
        let mut gb = &d7 * &t6;
        let d6 = &d7 * &b;
        let d4 = d6 * &t5 / (&t5 + 1.0) * 0.5;
        gc += &d4;
        ga = ga + &d4 * &t2 * &t1.mapv(|s| s * (1.0 - s));
        gb = gb + &d4 * &t1 * &t2.mapv(|t| 1.0 - t * t);
        a.scaled_add(-LR5, &ga);
        b.scaled_add(-LR5, &gb);
        c.scaled_add(-LR5, &gc);
        loss
    });
}
fn w7() {
    if !want("W7") {
        return;
    }
    let x = Array3::from_shape_vec((32, 28, 28), fill(700, 32 * 784, 1.0)).unwrap();
    let lab = labels(701, 32, 10);
    let mut cw = a2(fill(710, 400, ws(25)), 16, 25);
    let mut cb = Array1::from(fill(711, 16, ws(25)));
    let mut dw = a2(fill(712, 12544 * 10, ws(12544)), 12544, 10);
    let mut db = Array1::from(fill(713, 10, ws(12544)));
    bench(PEER, "W7", |_| {
        // im2col -> [25, 32*784]
        let mut pad = Array3::<f32>::zeros((32, 32, 32));
        pad.slice_mut(s![.., 2..30, 2..30]).assign(&x);
        let mut col = Array2::<f32>::zeros((25, 32 * 784));
        for ky in 0..5 {
            for kx in 0..5 {
                col.row_mut(ky * 5 + kx).into_shape_with_order((32, 28, 28)).unwrap().assign(&pad.slice(s![
                    ..,
                    ky..ky + 28,
                    kx..kx + 28
                ]));
            }
        }
        let z = cw.dot(&col) + &cb.view().insert_axis(Axis(1)); // [16, 32*784]
        let h = z.mapv(f32::tanh);
        let hb = h
            .view()
            .into_shape_with_order((16, 32, 784))
            .unwrap()
            .permuted_axes([1, 0, 2])
            .as_standard_layout()
            .into_owned()
            .into_shape_with_order((32, 12544))
            .unwrap();
        let o = hb.dot(&dw) + &db;
        let (loss, d_o) = softmax_ce(&o, &lab);
        let dh = d_o.dot(&dw.t()) * hb.mapv(|t| 1.0 - t * t);
        let dz = dh
            .into_shape_with_order((32, 16, 784))
            .unwrap()
            .permuted_axes([1, 0, 2])
            .as_standard_layout()
            .into_owned()
            .into_shape_with_order((16, 32 * 784))
            .unwrap();
        let gcw = dz.dot(&col.t());
        let gcb = dz.sum_axis(Axis(1));
        let gdw = hb.t().dot(&d_o);
        let gdb = d_o.sum_axis(Axis(0));
        cw.scaled_add(-LR, &gcw);
        cb.scaled_add(-LR, &gcb);
        dw.scaled_add(-LR, &gdw);
        db.scaled_add(-LR, &gdb);
        loss
    });
}
fn w8() {
    if !want("W8") {
        return;
    }
    let (t_, b_, f_, h_) = (T8, B8, F8, H8);
    let x = Array3::from_shape_vec((t_, b_, f_), fill(800, t_ * b_ * f_, 1.0)).unwrap();
    let lab = labels(801, t_ * b_, f_ as u64);
    let mut wx = a2(fill(810, f_ * 4 * h_, ws(f_)), f_, 4 * h_);
    let mut wh = a2(fill(811, h_ * 4 * h_, ws(h_)), h_, 4 * h_);
    let mut bb = Array1::from(fill(812, 4 * h_, ws(h_)));
    let mut wy = a2(fill(813, h_ * f_, ws(h_)), h_, f_);
    let mut by = Array1::from(fill(814, f_, ws(h_)));
    bench(PEER, "W8", |_| {
        let mut hs = vec![Array2::<f32>::zeros((b_, h_))];
        let mut cs = vec![Array2::<f32>::zeros((b_, h_))];
        let mut gates = vec![];
        let mut loss = 0.0;
        let mut dlog = vec![];
        for t in 0..t_ {
            let g = x.index_axis(Axis(0), t).dot(&wx) + hs[t].dot(&wh) + &bb;
            let i = g.slice(s![.., ..h_]).mapv(sigmoid);
            let f = g.slice(s![.., h_..2 * h_]).mapv(sigmoid);
            let gg = g.slice(s![.., 2 * h_..3 * h_]).mapv(f32::tanh);
            let o = g.slice(s![.., 3 * h_..]).mapv(sigmoid);
            let c = &f * &cs[t] + &i * &gg;
            let tc = c.mapv(f32::tanh);
            let h = &o * &tc;
            let z = h.dot(&wy) + &by;
            let (l, dz) = softmax_ce(&z, &lab[t * b_..(t + 1) * b_]);
            loss += l / t_ as f32;
            dlog.push(dz / t_ as f32);
            gates.push((i, f, gg, o, tc));
            cs.push(c);
            hs.push(h);
        }
        let mut gwx = Array2::<f32>::zeros(wx.raw_dim());
        let mut gwh = Array2::<f32>::zeros(wh.raw_dim());
        let mut gb = Array1::<f32>::zeros(4 * h_);
        let mut gwy = Array2::<f32>::zeros(wy.raw_dim());
        let mut gby = Array1::<f32>::zeros(f_);
        let mut dh_n = Array2::<f32>::zeros((b_, h_));
        let mut dc_n = Array2::<f32>::zeros((b_, h_));
        for t in (0..t_).rev() {
            let (i, f, gg, o, tc) = &gates[t];
            gwy += &hs[t + 1].t().dot(&dlog[t]);
            gby += &dlog[t].sum_axis(Axis(0));
            let dh = dlog[t].dot(&wy.t()) + &dh_n;
            let dc = &dh * o * tc.mapv(|v| 1.0 - v * v) + &dc_n;
            let d_o = &dh * tc * o.mapv(|v| v * (1.0 - v));
            let di = &dc * gg * i.mapv(|v| v * (1.0 - v));
            let df = &dc * &cs[t] * f.mapv(|v| v * (1.0 - v));
            let dg = &dc * i * gg.mapv(|v| 1.0 - v * v);
            dc_n = dc * f;
            let dz = concatenate![Axis(1), di, df, dg, d_o];
            gwx += &x.index_axis(Axis(0), t).t().dot(&dz);
            gwh += &hs[t].t().dot(&dz);
            gb += &dz.sum_axis(Axis(0));
            dh_n = dz.dot(&wh.t());
        }
        wx.scaled_add(-LR, &gwx);
        wh.scaled_add(-LR, &gwh);
        bb.scaled_add(-LR, &gb);
        wy.scaled_add(-LR, &gwy);
        by.scaled_add(-LR, &gby);
        loss
    });
}
fn main() {
    for s in MLPS {
        mlp(s)
    }
    w5();
    w7();
    w8();
}

"""PyTorch. MODE=eager, compile (the loss) or compile-whole (the step); THREADS=1 or more; workloads as arguments."""
import os
T = int(os.environ.get('THREADS','1')); os.environ.setdefault('OMP_NUM_THREADS', str(T)); os.environ.setdefault('MKL_NUM_THREADS', str(T))
import torch, torch.nn.functional as F, numpy as np
from workloads import *
torch.set_num_threads(T); torch.manual_seed(0)
MODE = os.environ.get('MODE', 'eager')   # eager | compile | compile-whole
P = lambda a: torch.tensor(a).requires_grad_()
ACT = dict(sigmoid=torch.sigmoid, tanh=torch.tanh, relu=torch.relu, gelu=lambda x: F.gelu(x, approximate='tanh'))
def run(name, loss_fn, params, lr, peer='torch-'+MODE):
    if not want(name): return
    if MODE == 'compile-whole':
        ps = [p.detach() for p in params]
        def whole(*ps):
            g, l = torch.func.grad_and_value(loss_fn, argnums=tuple(range(len(ps))))(*ps)
            for p, gi in zip(ps, g): p.sub_(gi, alpha=lr)
            return l
        c = torch.compile(whole, dynamic=False)
        def step():
            with torch.no_grad(): return c(*ps)
    else:
        opt = torch.optim.SGD(params, lr=lr)
        f = torch.compile(loss_fn, dynamic=False) if MODE == 'compile' else loss_fn
        def step():
            opt.zero_grad(set_to_none=True)
            l = f(*params); l.backward(); opt.step(); return l
    bench(peer, name, step, lambda l: float(l.detach()))
for n in MLPS:
    if not want(n): continue
    x, y, W, b, act, loss = mlp_data(n); L = len(W); x = torch.tensor(x); y = torch.tensor(y); a = ACT[act]
    def lf(*ps, x=x, y=y, a=a, L=L, loss=loss):
        h = x
        for i in range(L):
            h = torch.addmm(ps[2*i+1], h, ps[2*i])
            if i < L-1: h = a(h)
        return F.mse_loss(h, y) if loss == 'mse' else F.cross_entropy(h, y)
    run(n, lf, [P(v) for i in range(L) for v in (W[i], b[i])], LR)
def w5(a, b, c):
    t1 = torch.sigmoid(a); t2 = torch.tanh(b); t4 = t1*t2 + c; t5 = torch.exp(0.5*t4); t6 = torch.log1p(t5)
    t7 = t6*b; t8 = torch.sqrt(1 + c*c); t9 = t7/t8; t10 = F.softplus(t9); return torch.tanh(t10*a).mean()
run('W5', w5, [P(v) for v in w5_data()], LR5)
if want('W7'):
    x, y, *ps = w7_data(); x7 = torch.tensor(x); y7 = torch.tensor(y)
    def w7(cw, cb, dw, db):
        h = torch.tanh(F.conv2d(x7, cw, cb, padding=2)).flatten(1); return F.cross_entropy(torch.addmm(db, h, dw), y7)
    run('W7', w7, [P(v) for v in ps], LR)
if want('W8'):
    x, y, *ps = w8_data(); x8 = torch.tensor(x); y8 = torch.tensor(y).flatten()
    def w8(Wx, Wh, b, Wy, by):
        h = torch.zeros(32,128); c = torch.zeros(32,128); hs = []
        xw = (x8.reshape(-1,62) @ Wx + b).reshape(25,32,512)
        for t in range(25):
            i,f,g,o = (xw[t] + h@Wh).chunk(4,1)
            c = torch.sigmoid(f)*c + torch.sigmoid(i)*torch.tanh(g); h = torch.sigmoid(o)*torch.tanh(c); hs.append(h)
        return F.cross_entropy(torch.addmm(by, torch.cat(hs), Wy), y8)
    run('W8', w8, [P(v) for v in ps], LR)
if want('W8') and MODE == 'eager':
    m = torch.nn.LSTM(62,128); x, y, Wx, Wh, b, Wy, by = w8_data()
    m.weight_ih_l0.data = torch.tensor(Wx.T.copy()); m.weight_hh_l0.data = torch.tensor(Wh.T.copy()); m.bias_ih_l0.data = torch.tensor(b); m.bias_hh_l0.data.zero_()
    wy, bb = P(Wy), P(by); x8 = torch.tensor(x); y8 = torch.tensor(y).flatten()
    run('W8', lambda *p: F.cross_entropy(torch.addmm(bb, m(x8)[0].reshape(-1,128), wy), y8), list(m.parameters())+[wy,bb], LR, 'torch-nn')
def gru(xw, U, c, V, d, y):
    h = torch.zeros(32,128); hs = []
    for t in range(25):
        a = xw[t]; z = torch.addmm(c, h, U)
        r, u = torch.sigmoid(a[:,:256] + z[:,:256]).chunk(2,1)
        h = (1-u)*torch.tanh(a[:,256:] + r*z[:,256:]) + u*h; hs.append(h)
    return F.cross_entropy(torch.addmm(d, torch.cat(hs), V), y)
if want('W12'):
    x, y, *ps = w12_data(); x12 = torch.tensor(x); y12 = torch.tensor(y).flatten()
    def w12(W, U, b, c, V, d): return gru(torch.addmm(b, x12.reshape(-1,62), W).reshape(25,32,384), U, c, V, d, y12)
    run('W12', w12, [P(v) for v in ps], LR)
if want('W12') and MODE == 'eager':
    m = torch.nn.GRU(62,128); x, y, W, U, b, c, V, d = w12_data()
    m.weight_ih_l0.data = torch.tensor(W.T.copy()); m.weight_hh_l0.data = torch.tensor(U.T.copy()); m.bias_ih_l0.data = torch.tensor(b); m.bias_hh_l0.data = torch.tensor(c)
    V, d = P(V), P(d); x12 = torch.tensor(x); y12 = torch.tensor(y).flatten()
    run('W12', lambda *p: F.cross_entropy(torch.addmm(d, m(x12)[0].reshape(-1,128), V), y12), list(m.parameters())+[V,d], LR, 'torch-nn')
if want('W13'):
    x, y, *ps = w13_data(); x13 = torch.tensor(x).reshape(-1,64); y13 = torch.tensor(y).reshape(-1,64)
    def w13(g1, s1, wq, bq, wk, bk, wv, bv, wo, bo, g2, s2, wu, bu, wd, bd):
        n = F.layer_norm(x13, (64,), g1, s1)
        q, k, v = [torch.addmm(b, n, w).reshape(8,32,4,16).transpose(1,2) for w, b in ((wq,bq),(wk,bk),(wv,bv))]
        a = x13 + torch.addmm(bo, F.scaled_dot_product_attention(q, k, v).transpose(1,2).reshape(-1,64), wo)
        return F.mse_loss(a + torch.addmm(bd, F.gelu(torch.addmm(bu, F.layer_norm(a, (64,), g2, s2), wu)), wd), y13)
    run('W13', w13, [P(v) for v in ps], LR)
if want('W14'):
    x, y, *ps = w14_data(); x14 = torch.tensor(x); y14 = torch.tensor(y)
    def w14(table, w1, b1, w2, b2): return F.cross_entropy(torch.addmm(b2, torch.tanh(torch.addmm(b1, F.embedding(x14, table).mean(1), w1)), w2), y14)
    run('W14', w14, [P(v) for v in ps], LR)
if want('W9'):
    x, y, ps = w9_data(); x9 = torch.tensor(x); y9 = torch.tensor(y)
    f = lambda ps: ((torch.sigmoid(x9 @ ps[0] + ps[1]) @ ps[2] + ps[3] - y9) ** 2).mean()
    if MODE == 'eager':
        qs = [P(p) for p in ps]
        def step():
            l = f(qs); torch.autograd.grad(l, qs); return l
    else:
        grad = torch.compile(torch.func.grad_and_value(f)); qs = [torch.tensor(p) for p in ps]
        step = lambda: grad(qs)[1]
    bench('torch-' + MODE, 'W9', step, lambda l: float(l.detach()))

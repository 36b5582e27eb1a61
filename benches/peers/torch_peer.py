"""PyTorch. MODE=eager, compile (the loss) or compile-whole (the step); THREADS=1 or more; workloads as arguments."""
import os
T = int(os.environ.get('THREADS','1')); os.environ.setdefault('OMP_NUM_THREADS', str(T)); os.environ.setdefault('MKL_NUM_THREADS', str(T))
import torch, torch.nn.functional as F, numpy as np
from workloads import *
torch.set_num_threads(T); torch.manual_seed(0)
MODE = os.environ.get('MODE', 'eager')   # eager | compile | compile-whole
P = lambda a: torch.tensor(a).requires_grad_()
ACT = dict(sigmoid=torch.sigmoid, tanh=torch.tanh, relu=torch.relu, gelu=lambda x: F.gelu(x, approximate='tanh'))
def run(name, loss_fn, params, lr):
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
    bench('torch-'+MODE, name, step, lambda l: float(l.detach()))
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
if want('W8nn') and MODE == 'eager':
    m = torch.nn.LSTM(62,128); x, y, Wx, Wh, b, Wy, by = w8_data()
    m.weight_ih_l0.data = torch.tensor(Wx.T.copy()); m.weight_hh_l0.data = torch.tensor(Wh.T.copy()); m.bias_ih_l0.data = torch.tensor(b); m.bias_hh_l0.data.zero_()
    wy, bb = P(Wy), P(by); x8 = torch.tensor(x); y8 = torch.tensor(y).flatten()
    run('W8nn', lambda *p: F.cross_entropy(torch.addmm(bb, m(x8)[0].reshape(-1,128), wy), y8), list(m.parameters())+[wy,bb], LR)
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

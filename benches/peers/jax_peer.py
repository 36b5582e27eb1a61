"""JAX with jit on the whole step, its parameters donated. THREADS=1 or more; workloads as arguments."""
import os
T = int(os.environ.get('THREADS','1'))
if T == 1: os.environ['XLA_FLAGS'] = os.environ.get('XLA_FLAGS','') + ' --xla_cpu_multi_thread_eigen=false'
os.environ['JAX_PLATFORMS']='cpu'
import jax, jax.numpy as jnp
from workloads import *
from functools import partial
ACT = dict(sigmoid=jax.nn.sigmoid, tanh=jnp.tanh, relu=jax.nn.relu, gelu=partial(jax.nn.gelu, approximate=True))
def ce(z, y): return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:,None], 1))
def run(name, loss_fn, params, lr, *data):
    if not want(name): return
    @partial(jax.jit, donate_argnums=0)
    def st(ps, *data):
        l, g = jax.value_and_grad(loss_fn)(ps, *data); return [p - lr*gi for p, gi in zip(ps, g)], l
    state = [[jnp.array(p) for p in params]]; data = [jnp.array(d) for d in data]
    def step():
        state[0], l = st(state[0], *data); l.block_until_ready(); state[0][0].block_until_ready(); return l
    bench('jax', name, step, float)
for n in MLPS:
    if not want(n): continue
    x, y, W, b, act, loss = mlp_data(n); L = len(W)
    def lf(ps, x, y, L=L, a=ACT[act], loss=loss):
        h = x
        for i in range(L):
            h = h @ ps[2*i] + ps[2*i+1]
            if i < L-1: h = a(h)
        return jnp.mean((h-y)**2) if loss == 'mse' else ce(h, y)
    run(n, lf, [v for i in range(L) for v in (W[i], b[i])], LR, x, y)
def w5(ps):
    a,b,c = ps
    t1 = jax.nn.sigmoid(a); t2 = jnp.tanh(b); t4 = t1*t2 + c; t5 = jnp.exp(0.5*t4); t6 = jnp.log1p(t5)
    t9 = t6*b/jnp.sqrt(1 + c*c); return jnp.mean(jnp.tanh(jax.nn.softplus(t9)*a))
if want('W5'): run('W5', w5, w5_data(), LR5)
if want('W7'):
    x, y, *ps = w7_data()
    def w7(ps, x, y):
        cw, cb, dw, db = ps
        h = jnp.tanh(jax.lax.conv_general_dilated(x, cw, (1,1), [(2,2),(2,2)]) + cb[None,:,None,None]).reshape(32,-1); return ce(h@dw+db, y)
    run('W7', w7, ps, LR, x, y)
if want('W8'):
    x, y, *ps = w8_data()
    def w8(ps, x, y):
        Wx, Wh, b, Wy, by = ps
        xw = x @ Wx + b
        def cell(s, xt):
            h, c = s; i,f,g,o = jnp.split(xt + h@Wh, 4, axis=1)
            c = jax.nn.sigmoid(f)*c + jax.nn.sigmoid(i)*jnp.tanh(g); h = jax.nn.sigmoid(o)*jnp.tanh(c); return (h,c), h
        z = jnp.zeros((32,128)); _, hs = jax.lax.scan(cell, (z,z), xw)
        return ce(hs.reshape(-1,128)@Wy+by, y.reshape(-1))
    run('W8', w8, ps, LR, x, y)
if want('W12'):
    x, y, *ps = w12_data()
    def w12(ps, x, y):
        W, U, b, c, V, d = ps
        def cell(h, a):
            z = h@U + c
            r = jax.nn.sigmoid(a[:,:128] + z[:,:128]); u = jax.nn.sigmoid(a[:,128:256] + z[:,128:256])
            h = (1-u)*jnp.tanh(a[:,256:] + r*z[:,256:]) + u*h; return h, h
        _, hs = jax.lax.scan(cell, jnp.zeros((32,128)), x@W + b)
        return ce(hs.reshape(-1,128)@V+d, y.reshape(-1))
    run('W12', w12, ps, LR, x, y)
if want('W13'):
    x, y, *ps = w13_data()
    def norm(x, g, s):
        c = x - x.mean(-1, keepdims=True); return c*jax.lax.rsqrt((c*c).mean(-1, keepdims=True) + 1e-5)*g + s
    def w13(ps, x, y):
        g1, s1, wq, bq, wk, bk, wv, bv, wo, bo, g2, s2, wu, bu, wd, bd = ps
        n = norm(x.reshape(-1,64), g1, s1); q, k, v = [(n@w + b).reshape(8,32,4,16) for w, b in ((wq,bq),(wk,bk),(wv,bv))]
        a = x.reshape(-1,64) + jax.nn.dot_product_attention(q, k, v).reshape(-1,64)@wo + bo
        return jnp.mean((a + jax.nn.gelu(norm(a, g2, s2)@wu + bu, approximate=False)@wd + bd - y.reshape(-1,64))**2)
    run('W13', w13, ps, LR, x, y)
if want('W14'):
    x, y, *ps = w14_data()
    run('W14', lambda ps, x, y: ce(jnp.tanh(ps[0][x].mean(1)@ps[1] + ps[2])@ps[3] + ps[4], y), ps, LR, x, y)
if want('W9'):
    x, y, ps = w9_data()
    grad = jax.jit(jax.value_and_grad(lambda ps, x, y: jnp.mean((jax.nn.sigmoid(x @ ps[0] + ps[1]) @ ps[2] + ps[3] - y) ** 2)))
    x, y, ps = jnp.array(x), jnp.array(y), [jnp.array(p) for p in ps]
    bench('jax', 'W9', lambda: jax.block_until_ready(grad(ps, x, y)), lambda r: float(r[0]))

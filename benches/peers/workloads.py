"""The workloads' data from fixed seeds, the same as in common/src/lib.rs, and the clock."""
import numpy as np, time, os, sys, resource
def splitmix(x):
    with np.errstate(over='ignore'):
        z = x + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
def fill(seed, shape, scale=1.0):
    n = int(np.prod(shape)); i = np.arange(n, dtype=np.uint64) + np.uint64(seed << 32)
    u = (splitmix(i) >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
    return (np.float32(scale) * (np.float32(2) * u - np.float32(1))).reshape(shape).astype(np.float32)
def labels(seed, shape, k):
    n = int(np.prod(shape)); i = np.arange(n, dtype=np.uint64) + np.uint64(seed << 32)
    return ((splitmix(i) >> np.uint64(33)) % np.uint64(k)).astype(np.int64).reshape(shape)
ws = lambda f: 1.0 / np.sqrt(np.float32(f))
MLPS = dict(W1=(1,[3,4,1],1,'sigmoid','mse'), W2=(2,[13,13,1],23,'sigmoid','mse'), W3=(3,[784,89,10],60,'tanh','ce'),
            W4=(4,[784,512,512,10],128,'relu','ce'), W6=(6,[1024,2048,2048,1024],512,'gelu','mse'),
            W10=(10,[784,128,32,128,784],128,'relu','self'), W11=(11,[3]+[20]*8+[1],1024,'tanh','mse'))
LR = 0.01; LR5 = 100.0
def mlp_data(name):
    s, d, B, act, loss = MLPS[name]; q = s*100; L = len(d)-1
    x = fill(q, (B, d[0])); y = fill(q+1, (B, d[L])) if loss == 'mse' else x if loss == 'self' else labels(q+1, (B,), d[L])
    W = [fill(q+10+2*i, (d[i], d[i+1]), ws(d[i])) for i in range(L)]; b = [fill(q+11+2*i, (d[i+1],), ws(d[i])) for i in range(L)]
    return x, y, W, b, act, 'ce' if loss == 'ce' else 'mse'
def w5_data(): return [fill(500+i, (1024,1024)) for i in range(3)]
def w9_data(): return fill(900,(1_000_000,13)), fill(901,(1_000_000,1)), [fill(910,(13,13),ws(13)), fill(911,(13,),ws(13)), fill(912,(13,1),ws(13)), fill(913,(1,),ws(13))]
def w7_data(): return (fill(700,(32,1,28,28)), labels(701,(32,),10), fill(710,(16,1,5,5),ws(25)), fill(711,(16,),ws(25)), fill(712,(12544,10),ws(12544)), fill(713,(10,),ws(12544)))
def w8_data(): return (fill(800,(25,32,62)), labels(801,(25,32),62), fill(810,(62,512),ws(62)), fill(811,(128,512),ws(128)), fill(812,(512,),ws(128)), fill(813,(128,62),ws(128)), fill(814,(62,),ws(128)))
def w12_data(): return (fill(1200,(25,32,62)), labels(1201,(25,32),62), fill(1210,(62,384),ws(62)), fill(1211,(128,384),ws(128)), fill(1212,(384,),ws(128)), fill(1213,(384,),ws(128)), fill(1214,(128,62),ws(128)), fill(1215,(62,),ws(128)))
def w13_data():
    layer = lambda seed, i, o: [fill(seed, (i, o), ws(i)), fill(seed+1, (o,), ws(i))]
    norm = lambda seed: [fill(seed, (64,)), fill(seed+1, (64,))]
    return (fill(1300,(8,32,64)), fill(1301,(8,32,64)), *norm(1310), *layer(1312,64,64), *layer(1314,64,64), *layer(1316,64,64), *layer(1318,64,64), *norm(1320), *layer(1322,64,256), *layer(1324,256,64))
def w14_data(): return (labels(1400,(64,32),5000), labels(1401,(64,),10), fill(1410,(5000,64)), fill(1412,(64,64),ws(64)), fill(1413,(64,),ws(64)), fill(1414,(64,10),ws(64)), fill(1415,(10,),ws(64)))
BUDGET = float(os.environ.get('BENCH_SECS', '1.5')); THREADS = int(os.environ.get('THREADS', '1'))
now = time.process_time if THREADS == 1 else time.perf_counter  # CPU time is immune to preemption
def bench(peer, name, step, loss_of):
    l0 = loss_of(step())
    for _ in range(8): step()
    l9 = loss_of(step())
    t = time.perf_counter(); n = 0
    while n < 3 or time.perf_counter()-t < 0.2: step(); n += 1
    per = (time.perf_counter()-t)/n; inner = max(1, int(np.ceil(100e-6/per))); S = []
    t = time.perf_counter()
    while len(S) < 7 or (time.perf_counter()-t < BUDGET and len(S) < 65000):
        a = now()
        for _ in range(inner): r = step()
        if hasattr(r, '__len__') or hasattr(r, 'block_until_ready'):
            pass
        S.append((now()-a)*1e6/inner)
    S.sort(); q = lambda p: S[int((len(S)-1)*p)]
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{peer},{name},{THREADS},{q(.5):.3f},{q(.1):.3f},{q(.9):.3f},,{peak},{l0:.6f},{l9:.6f}", flush=True)
want = lambda n: len(sys.argv) < 2 or n in sys.argv[1:]

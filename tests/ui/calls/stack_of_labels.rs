use pullback::network;

#[network]
fn embedded(labels: Index<N>, x: Input<N>, w: Param<K>) -> Output<N> {
    gather(w, labels) + x
}

#[network]
fn all(labels: Index<N>, x: Input<N>, layers: [embedded; 3]) -> Output<N> {
    layers(labels, x)
}

fn main() {}

/// A damped oscillation and its energy: a formula of one's own, with the way back to the input.
#[network(f64, wrt(time))]
pub fn formula(time: Input<N>, amplitude: Param, decay: Param, shift: Param) -> (Output<N>, Output) {
    let wave = amplitude * exp(-decay * time) * tanh(time + shift);
    (wave, sum(square(wave)))
}

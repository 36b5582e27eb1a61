//! How far training is: a bar on a terminal, and a line now and then where there is none.

use indicatif::{ProgressBar, ProgressStyle};

pub struct Progress {
    name: &'static str,
    bar: ProgressBar,
}

impl Progress {
    /// Progress by epochs, under a name that tells this training from another.
    pub fn new(name: &'static str, epochs: usize) -> Self {
        let style = ProgressStyle::with_template("{prefix}: {bar:40} epoch {pos} of {len}, {msg} ({eta} left)");
        let bar = ProgressBar::new(epochs as u64).with_style(style.expect("a valid template"));
        Self { name, bar: bar.with_prefix(name) }
    }

    /// One epoch more, with the errors after it.
    pub fn epoch(&self, [training, held_out]: [f32; 2]) {
        let errors = format!("error {training:.4}, held out {held_out:.4}");
        self.bar.set_message(errors.clone());
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        if self.bar.is_hidden() && done * 10 % all == 0 {
            eprintln!("{}: epoch {done:3} of {all}, {errors}", self.name);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

//! The entry check: the sizes behind the names of a network's dimensions are read off the arrays, once.

/// An array that does not have the shape that the network declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Placeholder variant.
    #[error("shape")]
    Shape,
}

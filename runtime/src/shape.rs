//! The entry check: the sizes behind the names of a network's dimensions are read off the arrays, once.

use std::fmt;

/// An argument that does not fit what the network declares.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// An array of another shape than the declared one.
    #[error("`{network}`: `{argument}` has shape {found:?}, expected {written}{}", With(sizes))]
    Argument {
        /// The network that was called.
        network: &'static str,
        /// The argument, or the path of a parameter: `y`, `hidden.w`.
        argument: &'static str,
        /// The shape of the array that was passed.
        found: Vec<usize>,
        /// The declared shape in numbers.
        expected: Vec<usize>,
        /// The declared shape in the words of the declaration: `[N, 1]`.
        written: &'static str,
        /// The sizes of the names in `written`.
        sizes: Vec<NamedSize>,
    },
    /// A cotangent of another shape than the output's.
    #[error("`{network}`: cotangent has shape {found:?}, the output has {expected:?}")]
    Cotangent {
        /// The network whose `backward` was called.
        network: &'static str,
        /// The shape of the cotangent that was passed.
        found: Vec<usize>,
        /// The shape of the output.
        expected: Vec<usize>,
    },
    /// A label or an index that is none of the classes `0..classes`.
    #[error("`{network}`: `{argument}` has label {label} at position {position}, but there are {classes} classes")]
    Index {
        /// The network that was called.
        network: &'static str,
        /// The argument that holds the labels.
        argument: &'static str,
        /// The first label out of range.
        label: usize,
        /// Where it stands, counted in row-major order.
        position: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// Two names that an `if` of the network takes for different sizes stand for the same one.
    #[error(
        "`{network}`: `{first}` and `{second}` are both {size}, but an `if` in it takes them for different: call it \
             from a network that binds both to {size}"
    )]
    Equal {
        /// The network that was called.
        network: &'static str,
        /// A dimension.
        first: &'static str,
        /// Another dimension.
        second: &'static str,
        /// The size of both.
        size: usize,
    },
    /// A stack of another number of networks than that which the network declares.
    #[error("`{network}`: `{stack}` holds {found} networks, expected {written}{}", With(sizes))]
    Count {
        /// The network that was called.
        network: &'static str,
        /// The path of the stack.
        stack: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
        /// The declared number in the words of the declaration: `L`.
        written: &'static str,
        /// The sizes of the names in `written`.
        sizes: Vec<NamedSize>,
    },
    /// A size that the network computes is below zero.
    #[error("`{network}`: the size `{written}` is below zero{}", With(sizes))]
    Negative {
        /// The network that was called.
        network: &'static str,
        /// How the size is computed: `H - 2`.
        written: &'static str,
        /// The sizes of the names in `written`.
        sizes: Vec<NamedSize>,
    },
}

/// The size that a dimension's name stands for in this call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSize {
    /// The name of the dimension: `N`.
    pub name: &'static str,
    /// Its size.
    pub size: usize,
    /// The argument that it was read from.
    pub from: &'static str,
}

impl fmt::Display for NamedSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {} (from `{}`)", self.name, self.size, self.from)
    }
}

/// ` with N = 4 (from `x`), H = 2 (from `w`)`, or nothing.
struct With<'a>(&'a [NamedSize]);

impl fmt::Display for With<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, size) in self.0.iter().enumerate() {
            write!(f, "{} {size}", if i == 0 { " with" } else { "," })?;
        }
        Ok(())
    }
}

/// Checks the shape of one argument against the declared one.
///
/// `written` is the declared shape in the user's words, and `names` holds each name's size and the argument that it
/// was read from; names that do not occur in `written` are left out of the message.
#[inline(always)]
pub fn expect_shape(
    network: &'static str,
    argument: &'static str,
    found: &[usize],
    expected: &[usize],
    written: &'static str,
    names: &[(&'static str, usize, &'static str)],
) -> Result<(), ShapeError> {
    if same_sizes(found, expected) {
        return Ok(());
    }
    Err(wrong_shape(network, argument, found, expected, written, names))
}

/// As `a == b`, size by size: compared as memory, what was just written one by one is read in wider pieces, for which a
/// processor waits.
#[inline(always)]
pub(crate) fn same_sizes(a: &[usize], b: &[usize]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b)
}

#[cold]
#[inline(never)]
fn wrong_shape(
    network: &'static str,
    argument: &'static str,
    found: &[usize],
    expected: &[usize],
    written: &'static str,
    names: &[(&'static str, usize, &'static str)],
) -> ShapeError {
    let (found, expected) = (found.to_vec(), expected.to_vec());
    ShapeError::Argument { network, argument, found, expected, written, sizes: named(written, names) }
}

/// The names that occur in `written`.
fn named(written: &str, names: &[(&'static str, usize, &'static str)]) -> Vec<NamedSize> {
    let is_written = |name: &str| written.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name);
    let named = names.iter().filter(|(name, ..)| is_written(name));
    named.map(|&(name, size, from)| NamedSize { name, size, from }).collect()
}

/// Checks the number of networks in a stack against the declared one, which is `written`.
#[inline(always)]
pub fn expect_count(
    network: &'static str,
    stack: &'static str,
    found: usize,
    (expected, written): (usize, &'static str),
    names: &[(&'static str, usize, &'static str)],
) -> Result<(), ShapeError> {
    if found == expected {
        return Ok(());
    }
    Err(ShapeError::Count { network, stack, found, expected, written, sizes: named(written, names) })
}

/// Checks that `more - less`, which is `written`, is a size.
#[inline(always)]
pub fn expect_size(
    network: &'static str,
    written: &'static str,
    (more, less): (usize, usize),
    names: &[(&'static str, usize, &'static str)],
) -> Result<(), ShapeError> {
    if more >= less { Ok(()) } else { Err(ShapeError::Negative { network, written, sizes: named(written, names) }) }
}

/// Checks the shape of a cotangent against the output's.
#[inline(always)]
pub fn expect_cotangent(network: &'static str, found: &[usize], expected: &[usize]) -> Result<(), ShapeError> {
    if found == expected {
        return Ok(());
    }
    Err(wrong_cotangent(network, found, expected))
}

#[cold]
#[inline(never)]
fn wrong_cotangent(network: &'static str, found: &[usize], expected: &[usize]) -> ShapeError {
    ShapeError::Cotangent { network, found: found.to_vec(), expected: expected.to_vec() }
}

/// Checks that two dimensions are different, which a comparison of their names has taken for granted.
#[inline(always)]
pub fn expect_apart(
    network: &'static str,
    (first, size): (&'static str, usize),
    (second, other): (&'static str, usize),
) -> Result<(), ShapeError> {
    if size != other { Ok(()) } else { Err(ShapeError::Equal { network, first, second, size }) }
}

/// Checks that every label is below `below`, the number of classes.
#[inline(always)]
pub fn expect_index(
    network: &'static str,
    argument: &'static str,
    labels: &[usize],
    below: usize,
) -> Result<(), ShapeError> {
    // No early exit, so that the loop vectorises: labels are right nearly always.
    if labels.iter().fold(true, |fits, &label| fits & (label < below)) {
        return Ok(());
    }
    Err(wrong_index(network, argument, labels, below))
}

#[cold]
#[inline(never)]
fn wrong_index(network: &'static str, argument: &'static str, labels: &[usize], classes: usize) -> ShapeError {
    let position = labels.iter().position(|&label| label >= classes).expect("a label out of range");
    ShapeError::Index { network, argument, label: labels[position], position, classes }
}

/// What was checked, or a panic with the finding: the entry of a network that does not return a `Result`.
///
/// # Panics
/// With the message of the error.
#[inline(always)]
#[track_caller]
pub fn checked<T>(result: Result<T, ShapeError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => fail(error),
    }
}

#[cold]
#[inline(never)]
#[track_caller]
fn fail(error: ShapeError) -> ! {
    panic!("{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_shape_says_what_was_seen_what_was_declared_and_where_each_name_comes_from() {
        let names = [("N", 4, "x"), ("H", 7, "w")];
        let error = expect_shape("housing", "y", &[5, 1], &[4, 1], "[N, 1]", &names).unwrap_err();
        assert_eq!(error.to_string(), "`housing`: `y` has shape [5, 1], expected [N, 1] with N = 4 (from `x`)");
        let error = expect_shape("housing", "y", &[5, 1], &[4, 14], "[N, {2 * H}]", &names).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`housing`: `y` has shape [5, 1], expected [N, {2 * H}] with N = 4 (from `x`), H = 7 (from `w`)"
        );
        let error = expect_shape("housing", "hidden.w", &[13, 12], &[13, 13], "[13, 13]", &names).unwrap_err();
        assert_eq!(error.to_string(), "`housing`: `hidden.w` has shape [13, 12], expected [13, 13]");
        assert_eq!(expect_shape("housing", "y", &[4, 1], &[4, 1], "[N, 1]", &names), Ok(()));
    }

    #[test]
    fn a_wrong_cotangent_names_the_shape_of_the_output() {
        let error = expect_cotangent("housing", &[1, 2], &[3, 2]).unwrap_err();
        assert_eq!(error.to_string(), "`housing`: cotangent has shape [1, 2], the output has [3, 2]");
        assert_eq!(expect_cotangent("housing", &[3, 2], &[3, 2]), Ok(()));
    }

    #[test]
    fn a_label_out_of_range_is_named_with_its_position() {
        let error = expect_index("digits", "labels", &[0, 9, 10, 11], 10).unwrap_err();
        assert_eq!(error.to_string(), "`digits`: `labels` has label 10 at position 2, but there are 10 classes");
        assert_eq!(expect_index("digits", "labels", &[0, 9], 10), Ok(()));
        assert_eq!(expect_index("digits", "labels", &[], 0), Ok(()));
    }

    #[test]
    fn a_stack_says_how_many_networks_it_should_hold() {
        let error = expect_count("deep", "blocks", 2, (3, "L"), &[("L", 3, "scale")]).unwrap_err();
        assert_eq!(error.to_string(), "`deep`: `blocks` holds 2 networks, expected L with L = 3 (from `scale`)");
        assert_eq!(expect_count("deep", "blocks", 3, (3, "3"), &[]), Ok(()));
    }

    #[test]
    fn a_size_below_zero_says_how_it_came_about() {
        let names = [("N", 4, "x"), ("H", 1, "w")];
        let error = expect_size("edges", "H - 2", (1, 2), &names).unwrap_err();
        assert_eq!(error.to_string(), "`edges`: the size `H - 2` is below zero with H = 1 (from `w`)");
        assert_eq!(expect_size("edges", "H - 2", (2, 2), &names), Ok(()));
    }

    #[test]
    #[should_panic(expected = "`digits`: cotangent has shape [1], the output has [2]")]
    fn a_checked_error_panics_with_its_message() {
        checked(expect_cotangent("digits", &[1], &[2]));
    }
}

//! Where in a body something is.

use events_core::Schema;
use events_core::codec::Path;
pub(super) use events_core::codec::Step;

/// What a walk tells of where it is.
pub(super) trait Trace {
    fn enter(&mut self, step: Step);
    fn leave(&mut self);
    /// Something begins here, with so many bytes left: a value of this schema, or something else.
    fn at(&mut self, left: usize, schema: Option<&Schema>);
}

/// Nobody wants to know.
impl Trace for () {
    #[inline]
    fn enter(&mut self, _: Step) {}

    #[inline]
    fn leave(&mut self) {}

    #[inline]
    fn at(&mut self, _: usize, _: Option<&Schema>) {}
}

/// Where a walk is. After an error it stays where the error is.
#[derive(Debug, Default)]
pub(super) struct Place {
    pub(super) path: Path,
    pub(super) left: usize,
    pub(super) expected: Option<Schema>,
}

impl Trace for Place {
    fn enter(&mut self, step: Step) {
        self.path.push(step);
    }

    fn leave(&mut self) {
        self.path.pop();
    }

    fn at(&mut self, left: usize, schema: Option<&Schema>) {
        self.left = left;
        self.expected = schema.copied();
    }
}

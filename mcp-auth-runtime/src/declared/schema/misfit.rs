//! A place that does not fit, and what is wrong there.

use std::fmt;

use super::expected::name_shown;

/// One place that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Such as `items[2].count`; empty for the whole.
    place: String,
    what: String,
}

impl Misfit {
    /// What does not fit at `place`.
    pub(super) fn at(place: &Place<'_>, what: String) -> Self {
        Self { place: place.text(), what }
    }

    /// The whole does not fit.
    pub(super) fn whole(what: String) -> Self {
        Self { place: String::new(), what }
    }

    /// Such as `items[2].count`; empty for the whole.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// In words, with what a place is called, and the whole.
    pub(super) fn text(&self, one: &str, all: &str) -> String {
        match self.place.as_str() {
            "" => format!("invalid {all}: {self}"),
            _ => format!("invalid {one} {self}"),
        }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, what } = self;
        match place.as_str() {
            "" => f.write_str(what),
            place => write!(f, "`{place}`: {what}"),
        }
    }
}

/// Where a value stands.
pub(super) enum Place<'p> {
    Root,
    Member(&'p Place<'p>, &'p str),
    Item(&'p Place<'p>, usize),
}

impl Place<'_> {
    fn text(&self) -> String {
        match self {
            Place::Root => String::new(),
            Place::Member(Place::Root, name) => name_shown(name),
            Place::Member(within, name) => format!("{}.{}", within.text(), name_shown(name)),
            Place::Item(within, at) => format!("{}[{at}]", within.text()),
        }
    }
}

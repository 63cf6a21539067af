//! All scopes that one template makes: which scopes are of a family, what its values may be, and whether two families overlap.

use std::fmt;
use std::str::FromStr;

use super::error::{InvalidCharacter, InvalidScopeTemplate, UnfitValue};
use crate::scope::Scope;

/// The most characters of a value.
pub(super) const MOST: usize = 128;

/// All scopes that one template makes: `files:{}:read`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeFamily {
    /// What stands before, between and behind the values: one more than there are values.
    literals: Vec<String>,
    /// What values may have besides.
    more: String,
}

impl ScopeFamily {
    /// The same, whose values may have these characters besides.
    ///
    /// # Errors
    /// [`InvalidCharacter`] names the first that they may not have.
    pub fn with_characters(self, more: &str) -> Result<Self, InvalidCharacter> {
        for c in more.chars() {
            if self.literals.iter().any(|literal| literal.contains(c)) {
                return Err(InvalidCharacter::Literal(c));
            }
            // `*` is a wildcard to those who write policies.
            if "{}*".contains(c) || Scope::new(c.to_string()).is_err() {
                return Err(InvalidCharacter::Scope(c));
            }
        }
        Ok(Self { more: more.to_owned(), ..self })
    }

    /// The values that `scope` has, if it is one of this family.
    pub fn values<'s>(&self, scope: &'s str) -> Option<Vec<&'s str>> {
        let (first, others) = self.literals.split_first()?;
        let mut rest = scope.strip_prefix(first.as_str())?;
        let mut values = Vec::new();
        for (at, literal) in others.iter().enumerate() {
            let end = match at + 1 == others.len() {
                true => rest.len().checked_sub(literal.len())?,
                // The first character that no value has is that of the literal.
                false => rest.find(|c| !self.takes(c))?.checked_sub(literal.find(|c| !self.takes(c))?)?,
            };
            let value = rest.get(..end)?;
            rest = rest.get(end..)?.strip_prefix(literal.as_str())?;
            self.check(value).ok()?;
            values.push(value);
        }
        rest.is_empty().then_some(values)
    }

    /// Whether one text may be a scope of this family and of `other`.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.pattern(), other.pattern());
        let mut open = vec![(0, 0)];
        let mut seen = std::collections::BTreeSet::new();
        while let Some((a, b)) = open.pop() {
            if !seen.insert((a, b)) {
                continue;
            }
            match (ours.get(a), theirs.get(b)) {
                (None, None) => return true,
                (x, y) => {
                    if x == Some(&Piece::More) {
                        open.push((a + 1, b));
                    }
                    if y == Some(&Piece::More) {
                        open.push((a, b + 1));
                    }
                    let (Some(x), Some(y)) = (x, y) else { continue };
                    if self.meets(*x, other, *y) {
                        let after = |at: usize, piece: &Piece| at + usize::from(*piece != Piece::More);
                        open.push((after(a, x), after(b, y)));
                    }
                }
            }
        }
        false
    }

    /// Whether `scope` is one of this family.
    pub fn has(&self, scope: &str) -> bool {
        self.values(scope).is_some()
    }

    /// Whether both are the same but for the characters that values may have.
    pub fn is_written_as(&self, other: &Self) -> bool {
        self.literals == other.literals
    }

    /// The family that has this scope and no other.
    pub fn of_one(scope: &Scope) -> Self {
        Self { literals: vec![scope.as_str().to_owned()], more: String::new() }
    }

    pub(super) fn fill(&self, values: &[&str]) -> Result<Scope, (usize, UnfitValue)> {
        let (first, others) = self.literals.split_first().unwrap_or((&EMPTY, &[]));
        let mut text = first.clone();
        for (at, literal) in others.iter().enumerate() {
            let value = values.get(at).copied().unwrap_or_default();
            self.check(value).map_err(|why| (at, why))?;
            text.push_str(value);
            text.push_str(literal);
        }
        // Every part of it is of characters that a scope has, and one is not empty.
        Scope::new(text).map_err(|_| (0, UnfitValue::Empty))
    }

    fn check(&self, value: &str) -> Result<(), UnfitValue> {
        if value.is_empty() {
            return Err(UnfitValue::Empty);
        }
        if value.len() > MOST {
            return Err(UnfitValue::TooLong);
        }
        match value.chars().find(|c| !self.takes(*c)) {
            Some(other) => Err(UnfitValue::Character(other, self.more.clone())),
            None => Ok(()),
        }
    }

    /// Whether values may have it.
    fn takes(&self, c: char) -> bool {
        c.is_ascii_alphanumeric() || "._~-".contains(c) || self.more.contains(c)
    }

    /// The family of a template, and what stands in its places.
    pub(super) fn read(text: &str) -> Result<(Self, Vec<String>), InvalidScopeTemplate> {
        let mut pieces = text.split('{');
        let mut literals = vec![pieces.next().unwrap_or_default().to_owned()];
        let mut places = Vec::new();
        for piece in pieces {
            let (place, literal) = piece.split_once('}').ok_or(InvalidScopeTemplate::Braces)?;
            places.push(place.to_owned());
            literals.push(literal.to_owned());
        }
        if literals.iter().any(|literal| literal.contains('}')) {
            return Err(InvalidScopeTemplate::Braces);
        }
        let around = literals.concat();
        if places.is_empty() || around.is_empty() {
            return Err(InvalidScopeTemplate::Plain);
        }
        Scope::new(around)?;
        let family = Self { literals, more: String::new() };
        let between = family.literals.get(1..places.len()).unwrap_or_default();
        if between.iter().any(|literal| literal.chars().all(|c| family.takes(c))) {
            return Err(InvalidScopeTemplate::Ambiguous(text.to_owned()));
        }
        Ok((family, places))
    }

    pub(super) fn write(
        &self,
        f: &mut fmt::Formatter<'_>,
        places: impl Iterator<Item = String>,
    ) -> fmt::Result {
        let mut literals = self.literals.iter();
        f.write_str(literals.next().unwrap_or(&EMPTY))?;
        literals.zip(places).try_for_each(|(literal, place)| write!(f, "{{{place}}}{literal}"))
    }

    fn pattern(&self) -> Vec<Piece> {
        let mut pattern = Vec::new();
        for (at, literal) in self.literals.iter().enumerate() {
            if at > 0 {
                pattern.extend([Piece::Any, Piece::More]);
            }
            pattern.extend(literal.chars().map(Piece::Exactly));
        }
        pattern
    }

    /// Whether one character is taken by `ours` of this family and by `theirs` of the other one.
    fn meets(&self, ours: Piece, other: &Self, theirs: Piece) -> bool {
        match (ours, theirs) {
            (Piece::Exactly(a), Piece::Exactly(b)) => a == b,
            (Piece::Exactly(c), _) => other.takes(c),
            (_, Piece::Exactly(c)) => self.takes(c),
            // A letter is one of every value.
            (_, _) => true,
        }
    }
}

impl FromStr for ScopeFamily {
    type Err = InvalidScopeTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (family, places) = Self::read(text)?;
        match places.into_iter().find(|place| !place.is_empty()) {
            Some(named) => Err(InvalidScopeTemplate::Named(named)),
            None => Ok(family),
        }
    }
}

/// With `{}` for each value.
impl fmt::Display for ScopeFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, std::iter::repeat_with(String::new))
    }
}

static EMPTY: String = String::new();

/// What a family is made of, one character each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// This character.
    Exactly(char),
    /// One character of a value.
    Any,
    /// Any number of them.
    More,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn family(text: &str) -> ScopeFamily {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_scope_of_the_family_has_values_of_it() {
        for (of, scope, values) in [
            ("files:{}:read", "files:a:read", Some(vec!["a"])),
            ("files:{}:read", "files:a:b:read", None),
            ("files:{}:read", "files::read", None),
            ("files:{}:read", "files:{}:read", None),
            ("files:{}:read", "files:*:read", None),
            ("files:{}:read", "files:a:write", None),
            ("files:{}:read", "files:a:read ", None),
            ("files:{}:read", "files:read", None),
            ("f.{}", "f.a.b", Some(vec!["a.b"])),
            ("f.{}.read", "f.read", None),
            ("f.{}.read", "f.a.read.read", Some(vec!["a.read"])),
            ("f:{}:{}", "f:a:b", Some(vec!["a", "b"])),
            ("f:{}:{}", "f:a:b:c", None),
            ("f:{}x:{}", "f:axx:b", Some(vec!["ax", "b"])),
            ("f:{}x:{}", "f:x:b", None),
            ("{}:read", "a:read", Some(vec!["a"])),
        ] {
            assert_eq!(family(of).values(scope), values, "{of} {scope}");
        }
    }

    #[test]
    fn two_families_overlap_where_one_scope_could_be_of_both() {
        let one = |scope: &str| ScopeFamily::of_one(&scope.parse().unwrap());
        for (a, b, overlap) in [
            (family("f.{}"), family("f.{}.read"), true),
            (family("f:{}"), family("f:{}:read"), false),
            (family("f:{}:read"), family("f:{}:write"), false),
            (family("f:{}:read"), family("f:x{}:read"), true),
            (family("f:{}:read"), one("f:all:read"), true),
            (family("f:{}:read"), one("f:*:read"), false),
            (family("f:{}:read"), one("f:read"), false),
            (family("f:{}:read").with_characters("*").unwrap_or(family("f:{}:read")), one("f::read"), false),
            (family("f:{}").with_characters("/").unwrap(), family("f:a/{}"), true),
            (family("f:{}"), family("f:a/{}"), false),
            (family("{}:read"), family("f:{}"), true),
            (one("a"), one("a"), true),
            (one("a"), one("b"), false),
        ] {
            assert_eq!(a.overlaps(&b), overlap, "{a} {b}");
            assert_eq!(b.overlaps(&a), overlap, "{b} {a}");
        }
    }
}

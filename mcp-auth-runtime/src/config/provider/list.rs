//! Every provider, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::each;
use super::provider::Provider;
use crate::config::value::{ValueError, not_one_of, read_text, schema};

/// A provider that there is a preset of.
#[derive(Clone, Copy)]
pub struct ProviderName(&'static Provider);

impl ProviderName {
    /// Every provider, in alphabetical order; last `oidc`, for every other provider.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        each::ALL.iter().map(|provider| Self(provider))
    }

    /// What is known of it.
    pub fn provider(self) -> &'static Provider {
        self.0
    }
}

impl FromStr for ProviderName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let named = Self::all().find(|known| known.0.name == text);
        named.ok_or_else(|| match spoken_of(text).as_slice() {
            [] => not_one_of(text, &names()),
            found => {
                let found: Vec<_> = found.iter().map(|name| format!("{name:?}")).collect();
                ValueError::malformed(
                    text,
                    format!("the name of a provider; did you mean {}?", found.join(" or ")),
                )
            }
        })
    }
}

/// The names of the providers whose titles, or whose descriptions, speak of `text`: people know a company or a product.
fn spoken_of(text: &str) -> Vec<&'static str> {
    let wanted = text.trim().to_lowercase();
    let speaks = |provider: &&&'static Provider| {
        let text = format!("{} {} {}", provider.name, provider.title, provider.about).to_lowercase();
        text.split(|c: char| !c.is_alphanumeric()).any(|word| word == wanted)
    };
    let found: Vec<_> = each::ALL.iter().filter(speaks).map(|provider| provider.name).collect();
    match found.len() {
        0..=4 => found, // a word of many is a word of the language
        _ => Vec::new(),
    }
}

impl<'de> Deserialize<'de> for ProviderName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = read_text(from, "the name of a provider, such as \"auth0\"")?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

schema!(ProviderName, { "type": "string", "enum": names() });

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Debug for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl PartialEq for ProviderName {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for ProviderName {}

impl Serialize for ProviderName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.name)
    }
}

fn names() -> Vec<&'static str> {
    each::ALL.iter().map(|provider| provider.name).collect()
}

//! Whether an issuer can be the provider that it names, and has what only its operator knows.

use super::provider::Provider;

impl Provider {
    /// What is wrong with this issuer identifier, which cannot be this provider's; `None` where it can.
    pub fn misfit(&self, issuer: &str) -> Option<&'static str> {
        (self.misfit)(issuer)
    }

    /// The keys that must be stated: the name of each, an example of its value, and what it is.
    pub(in crate::config) fn needed(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        let needed = self.states.iter().filter(|states| states.required);
        needed.map(|states| (states.key, states.example, states.what))
    }
}

//! The introspection endpoint: it answers as it is told about each token, and counts what it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::credential::Credential;
use super::opaque::Said;

/// What is said of each token, and how often it was asked about.
#[derive(Clone, Default)]
pub struct Endpoint(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Default)]
struct Known {
    said: Option<Said>,
    asked: usize,
}

impl Endpoint {
    /// From now on this is said of `text`, about which nobody has asked yet.
    pub fn tell(&self, text: &str, credential: &Credential) {
        let known = Known { said: Some(credential.said()), asked: 0 };
        self.0.lock().unwrap().insert(text.to_owned(), known);
    }

    /// Status and body of the answer to this form.
    pub fn answer(&self, form: &[u8]) -> (u16, String) {
        let token = url::form_urlencoded::parse(form).find(|(name, _)| name == "token");
        let token = token.expect("a token").1.into_owned();
        let mut all = self.0.lock().unwrap();
        let known = all.entry(token).or_default();
        known.asked += 1;
        known.said.as_ref().unwrap_or(&Said::Inactive).answer()
    }

    /// Whether it was asked about `text`.
    pub fn was_asked(&self, text: &str) -> bool {
        self.0.lock().unwrap().get(text).is_some_and(|known| known.asked > 0)
    }
}

//! What a configuration with mistakes does not tell, so that no check draws conclusions from it.

/// The places whose values are not what was meant: taken out because they are wrong, or left out by mistake.
#[derive(Debug, Clone, Default)]
pub(in crate::config) struct Touched(Vec<Vec<String>>);

impl Touched {
    /// Everything: nothing can be told.
    pub(in crate::config) fn everything() -> Self {
        Self(vec![Vec::new()])
    }

    /// Adds a place; `*` is any step.
    pub(in crate::config) fn add(&mut self, path: Vec<String>) {
        self.0.push(path);
    }

    /// Whether a check that reads `key` would read what was not meant. `*` is any step, `**` at the end all that is below.
    pub(in crate::config) fn has(&self, key: &str) -> bool {
        let steps: Vec<&str> = key.split('.').collect();
        self.0.iter().any(|path| {
            let agree = path
                .iter()
                .zip(&steps)
                .all(|(touched, step)| step.starts_with('*') || touched == "*" || touched == step);
            agree && (path.len() <= steps.len() || steps.last() == Some(&"**"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_touched_by_itself_and_by_what_is_around_it() {
        let mut touched = Touched::default();
        touched.add(["auth", "issuers", "0", "clock_skew"].map(str::to_owned).into());
        touched.add(vec!["roles".to_owned()]);
        for key in ["auth.issuers.*.clock_skew", "auth.**", "roles.*.when", "roles.**"] {
            assert!(touched.has(key), "{key}");
        }
        for key in ["auth.issuers", "auth.issuers.*.issuer", "auth.verify", "server.**"] {
            assert!(!touched.has(key), "{key}");
        }
        assert!(Touched::everything().has("server.listen"));
    }
}

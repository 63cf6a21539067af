//! Which variants the template has: whose tokens count, by which transport, kept where.

/// The issuer of the variants that have one. Nothing listens there, so that nothing is asked over the network.
const ISSUER: &str = "http://127.0.0.1:9/issuer";

/// One way to answer what the template asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Variant {
    /// The login built in for development, otherwise an issuer.
    pub(super) built_in: bool,
    /// Started by a client, otherwise listening for clients.
    pub(super) stdio: bool,
    /// Notes in SQLite, otherwise in memory.
    pub(super) sqlite: bool,
}

impl Variant {
    pub(super) fn all() -> Vec<Self> {
        let bits =
            |number: u8| Self { built_in: number & 1 == 0, stdio: number & 2 != 0, sqlite: number & 4 != 0 };
        (0..8).map(bits).collect()
    }

    /// The project's name: `built-in-http-memory`.
    pub(super) fn name(self) -> String {
        let store = if self.sqlite { "sqlite" } else { "memory" };
        format!("{}-{}-{store}", self.auth(), self.transport())
    }

    /// One of each way to be reached by each kind of caller is started for real.
    pub(super) fn is_started(self) -> bool {
        self.sqlite != self.stdio
    }

    /// One with the built-in issuer is started as `mcp.production.toml` has it for others.
    pub(super) fn is_started_for_others(self) -> bool {
        self.is_started() && self.built_in && !self.stdio
    }

    /// The answers as cargo-generate takes them.
    pub(super) fn defines(self) -> Vec<String> {
        let mut defines = vec![
            format!("auth={}", self.auth()),
            format!("transport={}", self.transport()),
            format!("sqlite={}", self.sqlite),
        ];
        if self.built_in {
            defines.push("login=accounts".to_owned());
        } else {
            defines.push("provider=oidc".to_owned());
            defines.push(format!("issuer={ISSUER}"));
        }
        defines.into_iter().flat_map(|define| ["--define".to_owned(), define]).collect()
    }

    /// The answers as `mcp-auth new` takes them.
    pub(super) fn options(self) -> Vec<&'static str> {
        let mut options = vec!["--transport", self.transport()];
        if self.sqlite {
            options.push("--sqlite");
        }
        if !self.built_in {
            options.extend(["--issuer", ISSUER]);
        }
        options
    }

    fn auth(self) -> &'static str {
        if self.built_in { "built-in" } else { "issuer" }
    }

    fn transport(self) -> &'static str {
        if self.stdio { "stdio" } else { "http" }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_variants_have_one_name() {
        let names: BTreeSet<_> = Variant::all().into_iter().map(Variant::name).collect();
        assert_eq!(names.len(), 8);
        assert!(names.contains("issuer-stdio-sqlite"));
    }

    #[test]
    fn each_transport_is_started_with_and_without_the_built_in_issuer() {
        let started = Variant::all().into_iter().filter(|variant| variant.is_started());
        let kinds: BTreeSet<_> = started.map(|variant| (variant.built_in, variant.stdio)).collect();
        assert_eq!(kinds.len(), 4);
        let for_others = Variant::all().into_iter().filter(|variant| variant.is_started_for_others());
        assert_eq!(for_others.map(Variant::name).collect::<Vec<_>>(), ["built-in-http-sqlite"]);
    }

    #[test]
    fn an_issuer_is_named_where_there_is_one() {
        for variant in Variant::all() {
            assert_eq!(variant.options().contains(&"--issuer"), !variant.built_in);
            assert_eq!(variant.defines().contains(&format!("issuer={ISSUER}")), !variant.built_in);
        }
    }
}

//! How long, and on which stores.

use crate::stores::Kind;

pub(super) const HELP: &str = "\
cargo xtask bench issuer [OPTION]…    the built-in issuer on each store; prints its page

  --seconds N     time on the clock for each row, store and number of connections (default 2)
  --count N       how many clients and grants are weighed (default 100000 in memory, 10000 in each other store)
  --store NAME    memory, sqlite, postgres or redis (default: each of them)
  --output PATH   write it there too: docs/src/issuer-performance.md is the page of the book
  --quick         0.3 seconds, 1000 clients and grants, the profile of tests: to see that it works, not to quote
";

/// The options of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) seconds: f64,
    pub(super) count: Option<usize>,
    pub(super) stores: Vec<Kind>,
    /// Whether the program is the one that is deployed, and not that of the tests.
    pub(super) release: bool,
    pub(super) output: Option<String>,
    /// As typed, for the page.
    pub(super) typed: String,
}

impl Options {
    /// Reads the arguments after `bench issuer`.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options =
            Self { typed: arguments.join(" "), ..Self::of(2.0, None, Kind::ALL.to_vec(), true) };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"));
            match argument.as_str() {
                "--seconds" => {
                    let text = value()?;
                    let seconds = text.parse().ok().filter(|seconds| (0.05..=60.0).contains(seconds));
                    options.seconds =
                        seconds.ok_or_else(|| format!("--seconds is 0.05 to 60, not {text:?}"))?;
                }
                "--count" => {
                    let text = value()?;
                    let count = text.parse().ok().filter(|count| *count > 0);
                    options.count = Some(count.ok_or_else(|| format!("--count is 1 or more, not {text:?}"))?);
                }
                "--store" => options.stores = vec![Kind::named(value()?, &Kind::ALL)?],
                "--output" => options.output = Some(value()?.clone()),
                "--quick" => (options.seconds, options.count, options.release) = (0.3, Some(1000), false),
                _ => return Err(format!("no option {argument}\n\n{HELP}")),
            }
        }
        Ok(options)
    }

    fn of(seconds: f64, count: Option<usize>, stores: Vec<Kind>, release: bool) -> Self {
        Self { seconds, count, stores, release, output: None, typed: String::new() }
    }

    /// As short as can be, on this store.
    pub(super) fn smoke(kind: Kind) -> Self {
        Self::of(0.05, Some(50), vec![kind], false)
    }

    /// How many clients and grants are put into a store of this kind.
    pub(super) fn count(&self, kind: Kind) -> usize {
        self.count.unwrap_or(if kind == Kind::Memory { 100_000 } else { 10_000 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_a_wrong_one_is_named() {
        let options = parse("--seconds 1.5 --store sqlite").unwrap();
        assert_eq!((options.seconds, &*options.stores), (1.5, &[Kind::Sqlite][..]));
        assert_eq!((options.count(Kind::Memory), options.count(Kind::Redis)), (100_000, 10_000));
        assert_eq!(parse("--quick").unwrap().count(Kind::Memory), 1000);
        for wrong in ["--seconds", "--seconds x", "--count 0", "--store x", "--fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

//! Which stores, how often, and by which seed.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::stores::Kind;

pub(super) const HELP: &str = "\
cargo xtask kills [OPTION]…    kills a whole issuer under load and looks for what it had acknowledged

  --store NAME    sqlite, postgres or redis (default: each of them)
  --times N       how often it is killed on each store (default 500)
  --seed N        decides the moments of the kills and what the clients do; it is printed (default: another one each time)
  --release       the program as it is deployed (default: the profile of tests)
  --program PATH  a `bench-server` that is built already (default: it is built)
";

/// The options of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) stores: Vec<Kind>,
    pub(super) times: u64,
    pub(super) seed: u64,
    pub(super) release: bool,
    pub(super) program: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments after `kills`.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self::of(Kind::DURABLE.to_vec(), 500);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"));
            match argument.as_str() {
                "--store" => options.stores = vec![Kind::named(value()?, &Kind::DURABLE)?],
                "--times" => options.times = number(argument, value()?)?,
                "--seed" => options.seed = number(argument, value()?)?,
                "--release" => options.release = true,
                "--program" => options.program = Some(value()?.into()),
                _ => return Err(format!("no option {argument}\n\n{HELP}")),
            }
        }
        Ok(options)
    }

    /// So many kills on each of these stores, by a new seed.
    pub(super) fn of(stores: Vec<Kind>, times: u64) -> Self {
        Self { stores, times, seed: Self::any_seed(), release: false, program: None }
    }

    /// A seed that was not used before.
    fn any_seed() -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::from(since.subsec_nanos()) << 32 | since.as_secs() & 0xffff_ffff
    }
}

fn number(option: &str, text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{option} is a whole number, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_an_unknown_one_is_named() {
        let options = parse("--store redis --times 20 --seed 5 --release --program p").unwrap();
        let program = Some("p".into());
        assert_eq!(
            options,
            Options { stores: vec![Kind::Redis], times: 20, seed: 5, release: true, program }
        );
        assert_eq!(parse("").unwrap().times, 500);
        for wrong in ["--times", "--times x", "--store memory", "--fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

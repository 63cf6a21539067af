//! Which stores, how often, and by which seed.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::stores::Kind;

pub(super) const HELP: &str = "\
cargo xtask kills [OPTION]…    kills a whole issuer under load and looks for what it had acknowledged

  --store NAME    sqlite, postgres or redis (default: each of them)
  --times N       how often it is killed on each store (default 500)
  --seed N        decides the moments of the kills and what the clients do; it is printed (default: another one each time)
  --release       the program as it is deployed (default: the profile of tests)
";

/// The options of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) stores: Vec<Kind>,
    pub(super) times: u64,
    pub(super) seed: u64,
    pub(super) release: bool,
}

impl Options {
    /// Reads the arguments after `kills`.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options =
            Self { stores: Kind::DURABLE.to_vec(), times: 500, seed: Self::any_seed(), release: false };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"));
            match argument.as_str() {
                "--store" => options.stores = vec![Kind::named(value()?, &Kind::DURABLE)?],
                "--times" => options.times = number(argument, value()?)?,
                "--seed" => options.seed = number(argument, value()?)?,
                "--release" => options.release = true,
                _ => return Err(format!("no option {argument}\n\n{HELP}")),
            }
        }
        Ok(options)
    }

    /// A seed that was not used before.
    pub(super) fn any_seed() -> u64 {
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
        let options = parse("--store redis --times 20 --seed 5 --release").unwrap();
        assert_eq!(options, Options { stores: vec![Kind::Redis], times: 20, seed: 5, release: true });
        assert_eq!(parse("").unwrap().times, 500);
        for wrong in ["--times", "--times x", "--store memory", "--fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

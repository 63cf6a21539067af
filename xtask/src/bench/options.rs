//! How long, how often, and where.

use crate::step;

pub(super) const HELP: &str = "\
cargo xtask bench [OPTION]…    whole servers against bare rmcp; writes docs/src/performance.md

  --seconds N     time on the clock for each row, round and number of connections (default 1.2)
  --rounds N      how often each is measured; medians are reported (default 5)
  --quick         0.3 seconds, 2 rounds: to see that it works, not to quote
  --only TEXT     only rows whose name holds TEXT, and what they are compared with
  --no-pin        let the system place server and load; by default `taskset`, where there is one, gives the server
                  one core and the load another
  --output PATH   write somewhere else
";

/// The options of one run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    pub(super) seconds: f64,
    pub(super) rounds: usize,
    pub(super) only: Option<String>,
    /// Whether server and load have a core each.
    pub(super) pin: bool,
    pub(super) output: Option<String>,
    /// Tokens per algorithm: enough that none is sent again while a server may remember it.
    pub(super) tokens: usize,
    /// As typed, for the page.
    pub(super) typed: String,
}

impl Options {
    /// Reads the arguments after `bench`.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, String> {
        let mut options = Self {
            seconds: 1.2,
            rounds: 5,
            only: None,
            pin: cfg!(target_os = "linux"),
            output: None,
            tokens: 40_000,
            typed: arguments.join(" "),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().cloned().ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"));
            match argument.as_str() {
                "--seconds" => options.seconds = number(argument, &value()?, 0.05, 600.0)?,
                "--rounds" => options.rounds = number(argument, &value()?, 1.0, 1000.0)? as usize,
                "--quick" => (options.seconds, options.rounds, options.tokens) = (0.3, 2, 10_000),
                "--only" => options.only = Some(value()?),
                "--output" => options.output = Some(value()?),
                "--no-pin" => options.pin = false,
                _ => return Err(format!("no option {argument}\n\n{HELP}")),
            }
        }
        options.pin = options.pin && cores() > 1 && step::available("taskset", &["--version"]);
        Ok(options)
    }
}

/// How many cores there are.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn number(option: &str, text: &str, least: f64, most: f64) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{option} is a number from {least} to {most}, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_an_unknown_one_is_named() {
        let options =
            parse("--seconds 2.5 --rounds 7 --no-pin --only list").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((options.seconds, options.rounds, options.pin), (2.5, 7, false));
        assert_eq!(options.only.as_deref(), Some("list"));
        for wrong in ["--seconds", "--seconds x", "--rounds 0", "--fast"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_default_run_takes_less_than_eight_minutes() {
        let options = parse("").unwrap_or_else(|e| panic!("{e}"));
        let each = options.seconds + super::super::rounds::WARM.as_secs_f64() + 0.1;
        let all = super::super::rows::ROWS.len() * super::super::rounds::CONNECTIONS.len() * options.rounds;
        assert!(each * (all as f64) < 8.0 * 60.0 - 40.0, "{}", each * all as f64);
    }
}

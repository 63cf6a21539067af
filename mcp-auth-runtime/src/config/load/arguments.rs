//! The arguments that every server takes.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg;

use crate::config::error::ConfigError;

/// The arguments, as `--help` lists them.
const LIST: &str =
    "  --config <file>       configuration file [else MCP_CONFIG, ./mcp.toml, mcp.toml beside the executable]
  --profile <name>      lay mcp.<name>.toml over it [else MCP_PROFILE]
  --transport <kind>    http or stdio [server.transport]
  --listen <address>    where to listen, such as 127.0.0.1:8080 [server.listen]
  --scopes [json]       print every operation and who may call it
  --scopes lock         write that to mcp.lock, which `mcp-auth check --locked` compares
  --help                print this
  --version             print the version
";

/// What `--help` prints of the server `name`: what it is, in its own words, how it is called (`program`), and the
/// arguments.
pub fn help(name: &str, version: &str, what: Option<&str>, program: &str) -> String {
    let what = what.unwrap_or("An MCP server.");
    format!("{name} {version}\n{what}\n\nUsage: {program} [arguments]\n\n{LIST}")
}

/// What the process was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Command {
    /// Serve.
    #[default]
    Serve,
    /// `--scopes`: print every operation and who may call it, or write it to `mcp.lock`.
    Scopes(TableFormat),
    /// `--help`: print [`help`].
    Help,
    /// `--version`: print name and version.
    Version,
}

/// How `--scopes` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TableFormat {
    /// For people.
    #[default]
    Text,
    /// For machines.
    Json,
    /// As `mcp.lock`, which is written.
    Lock,
}

/// The arguments of one start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Arguments {
    /// What to do.
    pub command: Command,
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--transport`.
    pub transport: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
}

/// The names of all arguments, to find the one that a mistyped name means.
const NAMES: [&str; 7] = ["config", "profile", "transport", "listen", "scopes", "help", "version"];

impl Arguments {
    /// The arguments of this process.
    ///
    /// # Errors
    /// As [`Arguments::parse`].
    pub fn system() -> Result<Self, ConfigError> {
        Self::parse(std::env::args_os().skip(1))
    }

    /// Reads arguments, without the executable's name.
    ///
    /// # Errors
    /// [`ConfigError::Argument`] for an unknown argument, one given twice, and one without its value.
    pub fn parse(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Result<Self, ConfigError> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut read = Self::default();
        while let Some(argument) = parser.next().map_err(said)? {
            match argument {
                Arg::Long("config") => {
                    once("config", &mut read.config, PathBuf::from(parser.value().map_err(said)?))?
                }
                Arg::Long("profile") => once("profile", &mut read.profile, text("profile", parser.value())?)?,
                Arg::Long("transport") => {
                    once("transport", &mut read.transport, text("transport", parser.value())?)?
                }
                Arg::Long("listen") => once("listen", &mut read.listen, text("listen", parser.value())?)?,
                Arg::Long("scopes") => read.command = Command::Scopes(table_format(&mut parser)?),
                Arg::Long("help") | Arg::Short('h') => read.command = Command::Help,
                Arg::Long("version") | Arg::Short('V') => read.command = Command::Version,
                Arg::Long(other) => {
                    let nearest = crate::config::value::nearest(other, NAMES);
                    let hint = nearest.map(|name| format!("; did you mean --{name}?")).unwrap_or_default();
                    return Err(ConfigError::Argument(format!(
                        "unknown argument --{}{hint}",
                        other.escape_debug()
                    )));
                }
                Arg::Short(other) => {
                    return Err(ConfigError::Argument(format!("unknown argument -{}", other.escape_debug())));
                }
                Arg::Value(other) => {
                    return Err(ConfigError::Argument(format!("unexpected argument {other:?}")));
                }
            }
        }
        Ok(read)
    }
}

/// `--scopes`, `--scopes json`, `--scopes=json`, `--scopes lock`.
fn table_format(parser: &mut lexopt::Parser) -> Result<TableFormat, ConfigError> {
    let format = match parser.optional_value() {
        Some(format) => Some(format),
        None => {
            let is_format = |next: &std::ffi::OsStr| next == "json" || next == "text" || next == "lock";
            parser.try_raw_args().and_then(|mut rest| rest.next_if(is_format))
        }
    };
    match format.as_ref().map(|format| format.to_string_lossy()).as_deref() {
        None | Some("text") => Ok(TableFormat::Text),
        Some("json") => Ok(TableFormat::Json),
        Some("lock") => Ok(TableFormat::Lock),
        Some(other) => Err(ConfigError::Argument(format!(
            "--scopes is {other:?}, expected \"json\", \"lock\" or \"text\""
        ))),
    }
}

fn once<T>(name: &str, slot: &mut Option<T>, value: T) -> Result<(), ConfigError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ConfigError::Argument(format!("argument --{name} is given twice"))),
    }
}

fn text(name: &str, value: Result<OsString, lexopt::Error>) -> Result<String, ConfigError> {
    let not_text = |_| ConfigError::Argument(format!("the value of --{name} is not UTF-8"));
    value.map_err(said)?.into_string().map_err(not_text)
}

fn said(error: lexopt::Error) -> ConfigError {
    ConfigError::Argument(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments).map_err(|e| e.to_string())
    }

    #[test]
    fn every_argument_is_read() {
        let read =
            parse(&["--config", "a.toml", "--profile=dev", "--transport", "stdio", "--listen=127.0.0.1:1"]);
        let read = read.unwrap();
        assert_eq!(read.config.unwrap(), PathBuf::from("a.toml"));
        assert_eq!(read.profile.unwrap(), "dev");
        assert_eq!(read.transport.unwrap(), "stdio");
        assert_eq!(read.listen.unwrap(), "127.0.0.1:1");
        assert_eq!(read.command, Command::Serve);
    }

    #[test]
    fn commands_are_read() {
        for (arguments, command) in [
            (&[][..], Command::Serve),
            (&["--scopes"], Command::Scopes(TableFormat::Text)),
            (&["--scopes", "json"], Command::Scopes(TableFormat::Json)),
            (&["--scopes=json"], Command::Scopes(TableFormat::Json)),
            (&["--scopes", "lock"], Command::Scopes(TableFormat::Lock)),
            (&["--scopes=lock"], Command::Scopes(TableFormat::Lock)),
            (&["--scopes", "--profile", "x"], Command::Scopes(TableFormat::Text)),
            (&["--help"], Command::Help),
            (&["-h"], Command::Help),
            (&["--version"], Command::Version),
        ] {
            assert_eq!(parse(arguments).unwrap().command, command, "{arguments:?}");
        }
    }

    #[test]
    fn wrong_arguments_say_what_is_wrong() {
        for (arguments, why) in [
            (&["--lisen", "x"][..], "unknown argument --lisen; did you mean --listen?"),
            (&["--frobnicate"], "unknown argument --frobnicate; --help lists"),
            (&["-x"], "unknown argument -x"),
            (&["serve"], "unexpected argument \"serve\""),
            (&["--config"], "--config"),
            (&["--scopes=yaml"], "expected \"json\", \"lock\" or \"text\""),
            (&["--listen", "a", "--listen", "b"], "given twice"),
            (&["--help=me"], "--help"),
        ] {
            let error = parse(arguments).unwrap_err();
            assert!(error.contains(why), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn help_lists_every_argument() {
        for name in NAMES {
            assert!(LIST.contains(&format!("--{name}")), "{name}");
        }
    }

    #[test]
    fn help_says_what_this_server_is_and_how_this_program_is_called() {
        let text = help("todos", "1.2.3", Some("A to-do list for each person."), "todo-server");
        assert!(text.starts_with(
            "todos 1.2.3\nA to-do list for each person.\n\nUsage: todo-server [arguments]\n\n  --config"
        ));
        assert!(help("a", "0", None, "a").starts_with("a 0\nAn MCP server.\n"));
    }
}

//! What one run is told: `option=value`, each once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use mcp_auth_bench::message::Ask;
use mcp_auth_core::Era;

use super::Error;

/// The options of one run.
#[derive(Debug)]
pub(super) struct Run {
    /// `address`: the server.
    pub(super) address: SocketAddr,
    /// `pid`: its process, whose CPU time and memory are read.
    pub(super) pid: u32,
    /// `connections`: how many, each with one request under way.
    pub(super) connections: usize,
    /// `warm`: milliseconds before the clock starts.
    pub(super) warm: Duration,
    /// `measure`: milliseconds on the clock.
    pub(super) measure: Duration,
    /// `era`: `2026-07-28` or `2025-11-25`.
    pub(super) era: Era,
    /// `ask`: the name of a tool, or `tools/list`.
    ask: String,
    /// `tokens`: a file with one token per line, taken in turn; none: no `Authorization` header.
    pub(super) tokens: Option<PathBuf>,
    /// `status`: what every answer must have.
    pub(super) status: u16,
    /// `answer`: what every answer must say; `echo` for the request's own body.
    pub(super) answer: String,
}

impl Run {
    /// Reads the options.
    pub(super) fn parse(arguments: &[String]) -> Result<Self, Error> {
        let value = |option: &str| {
            arguments
                .iter()
                .find_map(|argument| argument.split_once('=').filter(|(name, _)| *name == option))
                .map(|(_, value)| value.to_owned())
        };
        let needed =
            |option: &str| value(option).ok_or_else(|| Error::from(format!("{option}=… is missing")));
        Ok(Self {
            address: needed("address")?.parse()?,
            pid: needed("pid")?.parse()?,
            connections: needed("connections")?.parse()?,
            warm: Duration::from_millis(needed("warm")?.parse()?),
            measure: Duration::from_millis(needed("measure")?.parse()?),
            era: match needed("era")?.as_str() {
                "2026-07-28" => Era::Stateless,
                "2025-11-25" => Era::Sessions,
                other => return Err(format!("no era {other}").into()),
            },
            ask: needed("ask")?,
            tokens: value("tokens").map(PathBuf::from),
            status: needed("status")?.parse()?,
            answer: needed("answer")?,
        })
    }

    /// What is asked for.
    pub(super) fn ask(&self) -> Ask<'_> {
        match self.ask.as_str() {
            "tools/list" => Ask::List,
            tool => Ask::Call(tool),
        }
    }
}

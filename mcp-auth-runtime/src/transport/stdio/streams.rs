//! The process' standard streams, taken away from all other code.

use std::fs::File;
use std::io::{self, Write};

/// Private handles on what standard input and output were.
///
/// On Unix, descriptor 1 then leads to stderr and descriptor 0 to nothing, for this process and for every child
/// it starts: a `println!` in a tool cannot break the protocol, and a child that reads its input cannot swallow
/// the client's messages. Elsewhere the streams are shared, and a tool must not print.
#[derive(Debug)]
pub(crate) struct StdStreams {
    /// What was standard input.
    pub(crate) input: File,
    /// What was standard output.
    pub(crate) output: File,
}

impl StdStreams {
    /// Takes the streams. Call it once, before anything is served; what was printed before and not yet flushed
    /// goes to stderr too.
    ///
    /// # Errors
    /// When a stream is closed, or cannot be duplicated.
    #[cfg(unix)]
    pub(crate) fn take() -> io::Result<Self> {
        use std::os::fd::AsFd;

        let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
        rustix::stdio::dup2_stdout(io::stderr())?;
        io::stdout().flush()?;
        Ok(Self { input, output })
    }

    /// Takes the streams, as far as this platform allows: they stay shared with the process.
    ///
    /// # Errors
    /// When a stream is closed, or cannot be duplicated.
    #[cfg(windows)]
    pub(crate) fn take() -> io::Result<Self> {
        use std::os::windows::io::AsHandle;

        io::stdout().flush()?;
        let input = File::from(io::stdin().as_handle().try_clone_to_owned()?);
        let output = File::from(io::stdout().as_handle().try_clone_to_owned()?);
        Ok(Self { input, output })
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData};
    use rmcp::service::RequestContext;
    use rmcp::{RoleServer, ServerHandler};
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;

    use super::super::{Connection, Line, StdioLimits};
    use super::*;

    const IN_ITS_OWN_PROCESS: &str = "MCP_AUTH_TEST_NOISY_SERVER";

    struct Noisy;

    impl ServerHandler for Noisy {
        async fn call_tool(
            &self,
            request: CallToolRequestParams,
            _: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            println!("a tool prints");
            print!("and leaves the line open");
            Command::new("echo").arg("a child prints").status().unwrap();
            // Ends at once only if it cannot read what the client sends.
            Command::new("cat").status().unwrap();
            Ok(CallToolResult::success(vec![ContentBlock::text(request.name)]).into())
        }
    }

    /// Not a test by itself: the test below runs it as a process, since streams belong to a process.
    #[test]
    #[ignore = "run by c18_what_a_tool_prints_never_reaches_the_client"]
    fn noisy_server() {
        if std::env::var_os(IN_ITS_OWN_PROCESS).is_none() {
            return; // `cargo test -- --ignored`: the streams are the test harness's
        }
        let serving = async {
            print!("printed before, and not flushed");
            let StdStreams { input, output } = StdStreams::take().unwrap();
            let (limits, shutdown) = (StdioLimits::default(), CancellationToken::new());
            let (mut lines, connection) = Connection::open(input, output, limits, shutdown).unwrap();
            let (admitted, messages) = tokio::sync::mpsc::channel(1);
            tokio::spawn(async move {
                while let Some(Line::Text(text)) = lines.next().await {
                    admitted.send(serde_json::from_slice(&text).unwrap()).await.unwrap();
                }
            });
            connection.serve(Noisy, messages).await.unwrap();
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(serving);
    }

    #[test]
    fn c18_what_a_tool_prints_never_reaches_the_client() {
        let path = concat!(module_path!(), "::noisy_server").split_once("::").unwrap().1;
        let mut server = Command::new(std::env::current_exe().unwrap())
            .env(IN_ITS_OWN_PROCESS, "yes")
            .args(["--exact", path, "--ignored", "--nocapture", "--test-threads=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = server.stdin.take().unwrap();
        let mut output = BufReader::new(server.stdout.take().unwrap());
        // What the test harness itself says, before the streams are taken.
        let mut harness = Vec::new();
        while !harness.ends_with(b"noisy_server ... ") {
            let mut byte = [0];
            output.read_exact(&mut byte).unwrap();
            harness.extend(byte);
        }
        let mut line = String::new();
        let call = |id: u32| {
            format!(
                r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"t","_meta":{{
                "io.modelcontextprotocol/protocolVersion":"2026-07-28",
                "io.modelcontextprotocol/clientCapabilities":{{}}}}}}}}"#
            )
            .replace('\n', "")
        };
        for id in 1..=3 {
            writeln!(input, "{}", call(id)).unwrap();
        }
        for id in 1..=3 {
            line.clear();
            output.read_line(&mut line).unwrap();
            let answer: serde_json::Value = serde_json::from_str(&line).expect("nothing but JSON");
            assert_eq!((&answer["id"], &answer["result"]["content"][0]["text"]), (&id.into(), &"t".into()));
        }
        drop(input);
        let hung_up = Instant::now();
        assert!(server.wait().unwrap().success());
        assert!(hung_up.elapsed() < Duration::from_secs(2));

        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
        let mut noise = String::new();
        server.stderr.take().unwrap().read_to_string(&mut noise).unwrap();
        for printed in ["printed before, and not flushed", "a tool prints", "a child prints"] {
            assert!(noise.contains(printed), "{noise}");
        }
    }
}

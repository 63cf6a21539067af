//! Where the credential on stdio comes from: read at the start, and again once it is refused.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::SecretText;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::authn::credential::{MAX_CREDENTIAL_BYTES, is_b64token};
use crate::config::{SecretSource, StdioCredential};
use crate::gate::ReadAgain;

/// The shortest time between two runs of a program: a token that stays refused does not start one for each message.
const PAUSE: Duration = Duration::from_secs(10);

/// Why there is no credential. Names where it was to come from, never what was there.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error(transparent)]
    Secret(#[from] crate::config::SecretError),
    #[error(
        "it is not one word of letters, digits and -._~+/= (RFC 6750 §2.1): it stands there alone, without `Bearer` or quotes"
    )]
    NotOneWord,
    #[error("reading it was given up")]
    GivenUp,
    #[error("it cannot be started: {0}")]
    Start(std::io::Error),
    #[error("it did not end within {}s (stdio.credential_timeout)", .0.as_secs())]
    TooSlow(Duration),
    #[error("it failed with {0}")]
    Failed(std::process::ExitStatus),
    #[error("what it printed cannot be read: {0}")]
    Output(std::io::Error),
    #[error("it printed {0}")]
    NotAToken(&'static str),
}

/// Reads the credential now.
pub(super) async fn read(from: &StdioCredential) -> Result<SecretText, ReadError> {
    match from {
        StdioCredential::Secret(source) => off_thread(source.clone()).await,
        StdioCredential::Program { program, arguments, directory, timeout: longest } => {
            match timeout(*longest, run(program, arguments, directory)).await {
                Ok(printed) => printed,
                Err(_) => Err(ReadError::TooSlow(*longest)),
            }
        }
    }
}

/// What a variable or a file holds now: one credential, as it could stand in a header. Anything else would be judged by nobody
/// who knows what it is: a JWT behind another word looks opaque.
pub(super) fn read_now(source: &SecretSource) -> Result<SecretText, ReadError> {
    let text = source.read()?;
    match is_b64token(text.expose()) {
        true => Ok(text),
        false => Err(ReadError::NotOneWord),
    }
}

/// How the credential is read again; `None` where it cannot change.
pub(super) fn again(from: &StdioCredential) -> Option<ReadAgain> {
    match from {
        StdioCredential::Secret(source) if !source.can_change() => None,
        StdioCredential::Secret(source) => {
            let source = source.clone();
            Some(Arc::new(move || {
                let source = source.clone();
                Box::pin(async move { Some(off_thread(source).await.ok()?.expose().to_owned()) })
            }))
        }
        StdioCredential::Program { .. } => {
            let (from, last) = (Arc::new(from.clone()), Arc::new(Mutex::new(Instant::now())));
            Some(Arc::new(move || {
                let (from, last) = (Arc::clone(&from), Arc::clone(&last));
                Box::pin(async move {
                    let mut last = last.lock().await;
                    if last.elapsed() < PAUSE {
                        return None;
                    }
                    let printed = read(&from).await;
                    *last = Instant::now();
                    match printed {
                        Ok(printed) => Some(printed.expose().to_owned()),
                        Err(error) => {
                            tracing::warn!("no new credential from {from}: {error}");
                            None
                        }
                    }
                })
            }))
        }
    }
}

/// Off the threads that serve: a file may be on a disk that is slow, or gone.
async fn off_thread(source: SecretSource) -> Result<SecretText, ReadError> {
    match tokio::task::spawn_blocking(move || read_now(&source)).await {
        Ok(read) => read,
        Err(_) => Err(ReadError::GivenUp),
    }
}

/// What a program prints: one token, with nothing but an end of line after it. What it says on standard error goes where the
/// log goes. It is killed once it takes too long.
async fn run(program: &Path, arguments: &[String], directory: &Path) -> Result<SecretText, ReadError> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(ReadError::Start)?;
    let mut printed = Vec::new();
    if let Some(output) = child.stdout.take() {
        let most = MAX_CREDENTIAL_BYTES as u64 + 2;
        output.take(most).read_to_end(&mut printed).await.map_err(ReadError::Output)?;
    }
    let status = child.wait().await.map_err(ReadError::Output)?;
    if !status.success() {
        return Err(ReadError::Failed(status));
    }
    let text = String::from_utf8(printed).map_err(|_| ReadError::NotAToken("bytes that are not UTF-8"))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    match text {
        "" => Err(ReadError::NotAToken("nothing")),
        text if text.len() > MAX_CREDENTIAL_BYTES => Err(ReadError::NotAToken("more than a token")),
        text if text.contains(char::is_whitespace) => Err(ReadError::NotAToken("more than one word")),
        text if !is_b64token(text) => Err(ReadError::NotAToken("characters that stand in no credential")),
        text => Ok(SecretText::new(text)),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, timeout: Duration) -> StdioCredential {
        let arguments = vec!["-c".to_owned(), script.to_owned()];
        StdioCredential::Program { program: "sh".into(), arguments, directory: ".".into(), timeout }
    }

    async fn printed(script: &str) -> Result<String, String> {
        let read = read(&shell(script, Duration::from_secs(30))).await;
        read.map(|text| text.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_program_prints_one_token_and_an_end_of_line() {
        for script in
            ["printf a.b.c", "echo a.b.c", "printf 'a.b.c\\r\\n'", "echo to the log >&2; echo a.b.c"]
        {
            assert_eq!(printed(script).await.as_deref(), Ok("a.b.c"), "{script}");
        }
    }

    #[tokio::test]
    async fn what_else_a_program_does_is_said_without_what_it_printed() {
        for (script, says) in [
            ("echo hunter2; exit 3", "exit status: 3"),
            ("true", "nothing"),
            ("echo", "nothing"),
            ("echo hunter2 more", "more than one word"),
            ("printf 'hunter2\\nhunter3\\n'", "more than one word"),
            ("printf '\\377'", "not UTF-8"),
            ("echo '\"hunter2\"'", "stand in no credential"),
            ("head -c 20000 /dev/zero | tr '\\0' x", "more than a token"),
        ] {
            let error = printed(script).await.unwrap_err();
            assert!(error.contains(says) && !error.contains("hunter"), "{script}: {error}");
        }
        let missing = StdioCredential::Program {
            directory: ".".into(),
            program: "/nowhere/at-all".into(),
            arguments: vec!["hunter2".to_owned()],
            timeout: Duration::from_secs(30),
        };
        let error = read(&missing).await.unwrap_err().to_string();
        assert!(error.contains("cannot be started"), "{error}");
        assert_eq!(format!("{missing} {missing:?}").matches("hunter").count(), 0);
    }

    #[tokio::test]
    async fn a_program_that_does_not_end_is_given_up_and_stopped() {
        let started = Instant::now();
        let error = read(&shell("sleep 600", Duration::from_millis(200))).await.unwrap_err();
        assert!(matches!(error, ReadError::TooSlow(_)));
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

//! The order in which a server stops, and the signals that start it.
//!
//! 1. [`Shutdown::trigger`]: nothing new is accepted, and every task that watches [`Shutdown::stopping`] finishes:
//!    `subscriptions/listen` streams send their final result.
//! 2. Requests in flight get the drain time to end by themselves.
//! 3. [`Shutdown::cut`]: what still runs (the GET streams of protocol revisions before 2026-07-28) is
//!    cancelled. This is the token that rmcp is given.

use std::future::Future;
use std::io;

use tokio_util::sync::CancellationToken;

/// Where a server is on its way down. Clones share one state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    stopping: CancellationToken,
    cut: CancellationToken,
}

impl Shutdown {
    /// A server that runs until [`trigger`](Self::trigger) is called.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the shutdown. Calling it again changes nothing.
    pub fn trigger(&self) {
        self.stopping.cancel();
    }

    /// Whether the shutdown has started; `/readyz` is then false.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Cancelled when the shutdown starts: finish what you hold open, with its result.
    pub fn stopping(&self) -> CancellationToken {
        self.stopping.clone()
    }

    /// Cancelled when the drain time is over, or nothing is left to drain: end at once.
    pub fn cut(&self) -> CancellationToken {
        self.cut.clone()
    }

    /// Ends what still runs. The transport calls it after draining.
    pub fn cut_now(&self) {
        self.stopping.cancel();
        self.cut.cancel();
    }
}

/// Listens for SIGTERM and Ctrl-C: the first one triggers `shutdown`, a second one ends the process at once, after
/// `finish_log`.
///
/// The handlers are installed before this returns; the future must be spawned, and never ends by itself.
///
/// # Errors
/// When the operating system refuses to install a handler.
pub(crate) fn shutdown_signal<F: FnOnce() + Send>(
    shutdown: Shutdown,
    finish_log: F,
) -> io::Result<impl Future<Output = ()> + Send + use<F>> {
    let mut signals = Signals::install()?;
    Ok(async move {
        let first = signals.next().await;
        tracing::info!(signal = first.name, "shutting down; a second signal exits at once");
        shutdown.trigger();
        let second = signals.next().await;
        tracing::warn!(signal = second.name, "second signal: exiting at once");
        finish_log();
        std::process::exit(second.exit_code)
    })
}

struct Signal {
    name: &'static str,
    /// 128 plus the signal's number, as shells report it.
    exit_code: i32,
}

const INTERRUPT: Signal = Signal { name: "SIGINT", exit_code: 130 };

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn install() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal { name: "SIGTERM", exit_code: 143 },
            _ = self.interrupt.recv() => INTERRUPT,
        }
    }
}

#[cfg(windows)]
struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Signal {
        self.interrupt.recv().await;
        INTERRUPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triggering_stops_but_does_not_cut() {
        let shutdown = Shutdown::new();
        let seen_elsewhere = shutdown.clone();
        assert!(!seen_elsewhere.is_stopping());
        shutdown.trigger();
        assert!(seen_elsewhere.is_stopping());
        assert!(!seen_elsewhere.cut().is_cancelled());
        shutdown.cut_now();
        assert!(seen_elsewhere.cut().is_cancelled());
    }

    #[cfg(unix)]
    const IS_CHILD: &str = "SIGNAL_TEST_CHILD";

    /// Runs in a separate process, which the tests below start and signal.
    #[cfg(unix)]
    #[test]
    #[ignore = "the child of the signal tests"]
    fn child_that_waits_for_signals() {
        if std::env::var_os(IS_CHILD).is_none() {
            return; // a person runs the ignored tests
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shutdown = Shutdown::new();
            let said = || println!("\nfinished");
            tokio::spawn(shutdown_signal(shutdown.clone(), said).unwrap());
            println!("\nwaiting");
            shutdown.stopping().cancelled().await;
            println!("\nstopping");
            std::future::pending::<()>().await;
        });
    }

    #[cfg(unix)]
    fn signal_a_child_twice(signal: &str) -> i32 {
        use std::io::{BufRead, BufReader};
        use std::process::{Command, Stdio};
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("transport::shutdown::tests::child_that_waits_for_signals")
            .env(IS_CHILD, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = child.id().to_string();
        let send = || assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut wait_for = |word: &str| assert!(lines.any(|line| line.unwrap() == word), "child said {word}");
        wait_for("waiting");
        send();
        wait_for("stopping");
        assert!(child.try_wait().unwrap().is_none(), "one signal does not end the process");
        send();
        wait_for("finished");
        child.wait().unwrap().code().unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn one_sigterm_triggers_and_a_second_exits_at_once() {
        assert_eq!(signal_a_child_twice("TERM"), 143);
    }

    #[cfg(unix)]
    #[test]
    fn one_ctrl_c_triggers_and_a_second_exits_at_once() {
        assert_eq!(signal_a_child_twice("INT"), 130);
    }
}

//! A panic as an event of the log: its text may hold what a stranger sent, so it is escaped, cut and on one line.

use std::backtrace::Backtrace;
use std::panic::{self, PanicHookInfo};
use std::ptr;
use std::time::Duration;

use mcp_auth_core::seen::cut;

use super::queue::Queue;

/// The target of the events. The log writes them whatever its filter says, unless that is `off`.
pub(super) const TARGET: &str = module_path!();

/// The most characters of a panic's text.
const LONGEST: usize = 2000;

/// How long a panic waits for its line where the process ends with it.
const PATIENCE: Duration = Duration::from_millis(50);

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Makes a line of `log` of each panic, in place of the lines that the standard library writes. A hook that the program
/// has set is called after it.
///
/// - Where the log is off, the hook that was there does what it did.
/// - A panic that will be caught, such as a tool's, does not wait for its line. One that unwinds through the program's
///   end drops the [`Log`](super::log::Log), which waits. So the hook itself waits where nothing unwinds, or where the log
///   was dropped before.
pub(super) fn log_to(log: Queue) {
    let (found, is_programs_own) = found();
    let with_backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|set| set != "0");
    panic::set_hook(Box::new(move |panic| {
        let is_logged = tracing::enabled!(target: TARGET, tracing::Level::ERROR);
        if is_logged {
            record(panic, with_backtrace.then(Backtrace::force_capture));
        }
        if !is_logged || is_programs_own {
            found(panic);
        }
        if cfg!(panic = "abort") || log.is_closed() {
            log.flush(PATIENCE);
        }
    }));
}

/// The hook that is set, and whether the program has set it. Taking it leaves the standard library's, which is another
/// type than all others.
fn found() -> (Hook, bool) {
    let (found, default) = (panic::take_hook(), panic::take_hook());
    let is_default = ptr::eq(&raw const *found, &raw const *default);
    (found, !is_default)
}

fn record(panic: &PanicHookInfo<'_>, backtrace: Option<Backtrace>) {
    let at = panic.location().map(tracing::field::display);
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = backtrace.as_ref().map(tracing::field::display);
    let payload = panic.payload();
    let owned = || payload.downcast_ref::<String>().map(String::as_str);
    let text = payload.downcast_ref::<&str>().copied().or_else(owned).unwrap_or("a panic without text");
    tracing::error!(target: TARGET, at, thread, backtrace, "panicked: {}", cut(text, LONGEST));
}

//! The answer pasted by hand: lines from standard input.

use std::io::BufRead as _;

use tokio::sync::mpsc;

use super::callback::{Answer, Asked, CallbackError, read_pasted};

/// Reads lines until standard input ends; each one's verdict is sent to `told`. It runs on a separate thread, so that
/// a blocked read does not keep the command from ending.
pub(super) fn read_lines(asked: Asked, told: mpsc::Sender<Result<Answer, CallbackError>>) {
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if line.trim().is_empty() {
                continue;
            }
            if told.blocking_send(read_pasted(&line, &asked)).is_err() {
                return;
            }
        }
    });
}

//! Servers with public and protected operations: who sees what in lists, and what each caller is answered.

mod callers;
mod hidden;
mod lists;

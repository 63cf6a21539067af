//! The `mcp-auth` command as its users run it: a process with arguments, its output and its exit code.

mod new;
mod process;

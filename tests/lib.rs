//! Whole-server tests live in `server/`; this crate has no code of its own.

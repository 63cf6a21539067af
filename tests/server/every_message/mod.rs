//! **Every message has a rule.** One table holds each message a client can send, and walks through the running
//! server with every kind of caller, on both protocol eras, with both values of `auth.connect`. A message that
//! rmcp learns and the table does not have fails `complete`.

mod one_of_each;
mod rule;
mod sender;
mod table;

mod complete;
mod verdicts;
